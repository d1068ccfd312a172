export interface TfliteGraph {
  readonly tensors: readonly {
    readonly shape: readonly number[];
    readonly type: string;
    readonly data: Uint8Array;
  }[];
  readonly operations: readonly {
    readonly kind: string;
    readonly inputs: readonly number[];
    readonly outputs: readonly number[];
    readonly options: Readonly<Record<string, string | number>>;
  }[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}
export function readTflite(bytes: Uint8Array): TfliteGraph;
