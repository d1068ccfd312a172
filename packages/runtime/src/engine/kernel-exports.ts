/** What the compiled kernels export; addresses and strides in bytes. See `kernels/` for their meaning. */
export interface InferenceKernels {
  packWeights(
    source: number,
    n1: number,
    s1: number,
    n2: number,
    s2: number,
    n3: number,
    s3: number,
    columns: number,
    columnStride: number,
    target: number,
  ): void;
  pad(
    source: number,
    height: number,
    rowBytes: number,
    target: number,
    above: number,
    below: number,
    leftBytes: number,
    rightBytes: number,
  ): void;
  convolve(
    a: number,
    aRow: number,
    aColumn: number,
    packed: number,
    bias: number,
    filters: number,
    n1: number,
    a1: number,
    n2: number,
    a2: number,
    n3: number,
    rows: number,
    columns: number,
    c: number,
    cRow: number,
    cColumn: number,
    mode: number,
  ): void;
  depthwise(
    a: number,
    aRow: number,
    aColumn: number,
    weights: number,
    bias: number,
    channels: number,
    kernel: number,
    tapRow: number,
    rows: number,
    columns: number,
    c: number,
    cRow: number,
    cColumn: number,
    accumulate: number,
    relu: number,
  ): void;
  scaleShift(
    x: number,
    pixels: number,
    channels: number,
    a: number,
    b: number,
    y: number,
    relu: number,
  ): void;
  add(a: number, b: number, n: number, y: number, relu: number): void;
  addNarrow(
    narrow: number,
    narrowChannels: number,
    wide: number,
    channels: number,
    pixels: number,
    y: number,
    relu: number,
  ): void;
  convertBytes(x: number, n: number, scale: number, offset: number, y: number): void;
  convertFloats(x: number, n: number, scale: number, offset: number, y: number): void;
  maxPool(
    x: number,
    height: number,
    width: number,
    channels: number,
    size: number,
    stride: number,
    above: number,
    left: number,
    y: number,
    rows: number,
    columns: number,
  ): void;
  sumPixels(x: number, pixels: number, channels: number, scale: number, y: number, accumulate: number): void;
}

/** What the integer path needs besides; training does without. */
export interface IntegerKernels {
  largest(x: number, n: number): number;
  quantise(x: number, rows: number, values: number, factor: number, y: number, yRow: number): void;
  centre(
    x: number,
    rows: number,
    values: number,
    multiplier: number,
    zero: number,
    y: number,
    yRow: number,
  ): void;
  convolveIntegers(
    a: number,
    aRow: number,
    aColumn: number,
    packed: number,
    filters: number,
    n1: number,
    a1: number,
    n2: number,
    a2: number,
    n3: number,
    rows: number,
    columns: number,
    sums: number,
    units: number,
    unit: number,
    bias: number,
    relu: number,
    pool: number,
    c: number,
    cRow: number,
    cColumn: number,
  ): void;
}

/** Convolution with fewer products, of floats and of integers. */
export interface PairKernels {
  pairFloats(
    side: number,
    x: number,
    xRow: number,
    stride: number,
    segment: number,
    pairRows: number,
    pairColumns: number,
    u: number,
  ): void;
  pairIntegers(
    side: number,
    x: number,
    xRow: number,
    stride: number,
    segment: number,
    pairRows: number,
    pairColumns: number,
    u: number,
  ): void;
  convolveFloatPairs(
    side: number,
    u: number,
    stride: number,
    segment: number,
    pairRows: number,
    pairColumns: number,
    packed: number,
    filters: number,
    lines: number,
    values: number,
    rows: number,
    columns: number,
    passRows: number,
    products: number,
    bias: number,
    residual: number,
    relu: number,
    pool: number,
    y: number,
  ): void;
  convolveIntegerPairs(
    side: number,
    u: number,
    stride: number,
    segment: number,
    pairRows: number,
    pairColumns: number,
    packed: number,
    filters: number,
    lines: number,
    values: number,
    rows: number,
    columns: number,
    passRows: number,
    products: number,
    units: number,
    unit: number,
    bias: number,
    residual: number,
    relu: number,
    pool: number,
    y: number,
  ): void;
}

/** What makes networks' inputs from pictures. */
export interface PictureKernels {
  addRow(bytes: number, n: number, weight: number, sums: number, start: number): void;
  narrowRow(
    sums: number,
    channels: number,
    first: number,
    last: number,
    firstWeight: number,
    lastWeight: number,
    inner: number,
    columns: number,
    y: number,
  ): void;
  countRow(bytes: number, n: number, sums: number, start: number): void;
  greyBlocks(
    sums: number,
    pixels: number,
    channels: number,
    block: number,
    share: number,
    half: number,
    y: number,
  ): void;
}

/** Transforms of convolutions with fewer products and of their gradients, for training. */
export interface PlaneKernels {
  pairInputs(
    x: number,
    xRow: number,
    stride: number,
    segment: number,
    pairRows: number,
    pairColumns: number,
    u: number,
    plane: number,
  ): void;
  threeInputs(
    x: number,
    xRow: number,
    channels: number,
    tileRows: number,
    tileColumns: number,
    u: number,
    plane: number,
  ): void;
  pairOutputs(
    m: number,
    plane: number,
    filters: number,
    rows: number,
    columns: number,
    bias: number,
    relu: number,
    y: number,
  ): void;
  pairOutputGradients(
    dy: number,
    rows: number,
    columns: number,
    filters: number,
    d: number,
    plane: number,
  ): void;
  pairInputGradients(
    du: number,
    plane: number,
    stride: number,
    segment: number,
    tileRows: number,
    tileColumns: number,
    dx: number,
    dxRow: number,
  ): void;
  pairTaps(w: number, row: number, column: number, count: number, to: number, plane: number): void;
  pairTapGradients(p: number, plane: number, count: number, dw: number, row: number, column: number): void;
  threeOutputs(
    m: number,
    plane: number,
    filters: number,
    rows: number,
    columns: number,
    bias: number,
    relu: number,
    y: number,
  ): void;
  threeOutputGradients(
    dy: number,
    rows: number,
    columns: number,
    filters: number,
    d: number,
    plane: number,
  ): void;
  threeInputGradients(
    du: number,
    plane: number,
    stride: number,
    segment: number,
    tileRows: number,
    tileColumns: number,
    dx: number,
    dxRow: number,
  ): void;
  threeTaps(w: number, row: number, column: number, count: number, to: number, plane: number): void;
  threeTapGradients(p: number, plane: number, count: number, dw: number, row: number, column: number): void;
}

export interface TrainingKernels extends InferenceKernels, PlaneKernels {
  adam(
    weights: number,
    gradient: number,
    mean: number,
    square: number,
    decays: number,
    n: number,
    rate: number,
    root: number,
    beta1: number,
    rest1: number,
    beta2: number,
    rest2: number,
    epsilon: number,
    coupledDecay: number,
    shrink: number,
  ): void;
  weightGradient(
    a: number,
    a1: number,
    a2: number,
    a3: number,
    d: number,
    d1: number,
    d2: number,
    d3: number,
    n1: number,
    n2: number,
    n3: number,
    taps1: number,
    t1: number,
    taps2: number,
    t2: number,
    taps3: number,
    gradient: number,
    w1: number,
    w2: number,
    w3: number,
    filters: number,
  ): void;
  depthwiseInputGradient(
    d: number,
    weights: number,
    channels: number,
    kernel: number,
    rows: number,
    columns: number,
    dx: number,
    dxRow: number,
    dxColumn: number,
    tapRow: number,
  ): void;
  depthwiseWeightGradient(
    a: number,
    aRow: number,
    aColumn: number,
    tapRow: number,
    d: number,
    channels: number,
    kernel: number,
    rows: number,
    columns: number,
    gradient: number,
  ): void;
  crop(
    source: number,
    sourceRow: number,
    height: number,
    rowValues: number,
    target: number,
    accumulate: number,
  ): void;
  centredProducts(
    x: number,
    dy: number,
    pixels: number,
    channels: number,
    mean: number,
    products: number,
  ): void;
  inputGradient(
    x: number,
    dy: number,
    pixels: number,
    channels: number,
    mean: number,
    a: number,
    b: number,
    c: number,
    dx: number,
    accumulate: number,
  ): void;
  moments(x: number, pixels: number, channels: number, mean: number, variance: number): void;
  copyOrAdd(x: number, n: number, y: number, accumulate: number): void;
  multiply(x: number, mask: number, n: number, y: number, accumulate: number): void;
  reluGradient(y: number, dy: number, n: number): void;
  zero(y: number, n: number): void;
  maxPoolGradient(
    x: number,
    y: number,
    dy: number,
    height: number,
    width: number,
    channels: number,
    size: number,
    stride: number,
    above: number,
    left: number,
    dx: number,
    rows: number,
    columns: number,
  ): void;
  spreadPixels(
    dy: number,
    pixels: number,
    channels: number,
    scale: number,
    dx: number,
    accumulate: number,
  ): void;
}
