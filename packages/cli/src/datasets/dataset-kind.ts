import type { Dataset } from "@microexpnet/training";

/** What a loader may use beside the path. */
export interface LoadContext {
  /** Folder of the packed caches, made when needed; false reads the images every time. */
  readonly cacheDirectory: string | false;
  /** Called now and then with the part done of a total (images or bytes) and what is being done. */
  readonly onProgress?: (done: number, total: number, what: string) => void;
  /** Stops the loading, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Side in pixels that every image is brought to. By default the images' own, if all are square, of one
   * size and at most 96 pixels, else 96.
   */
  readonly size?: number;
}

/** A way in which data sets lie on disk. */
export interface DatasetKind {
  /** The word before the colon of `--data`. */
  readonly name: string;
  /** One line for the listing. */
  readonly description: string;
  /** The layout expected, for the listing and for messages. */
  readonly layout: string;
  /**
   * Reads the data set at a path.
   * @throws DatasetError with one sentence on what was expected and what was found.
   */
  load(path: string, context: LoadContext): Promise<Dataset>;
}
