/**
 * Ours and onnxruntime-web on the same record and weights, one thread each, turn by turn. Runs in
 * Node and in a browser. Ours is timed twice, and does more both times: it prepares the record, and
 * the second time makes the maps of all labels.
 * @param {any} ort @param {typeof import("../../web/core/core.js").startCore} startCore
 * @param {typeof import("../../web/core/readers.js").startReaders} startReaders
 * @param {{readers: ArrayBuffer, simd: ArrayBuffer, scalar: ArrayBuffer, model: ArrayBuffer, onnx: ArrayBuffer,
 *   x: ArrayBuffer, hea: ArrayBuffer, dat: ArrayBuffer}} files  x: the prepared record, as .npy
 * @param {number} rounds
 */
export async function measure(ort, startCore, startReaders, files, rounds) {
  const core = await startCore(files);
  const model = core.loadModel(new Uint8Array(files.model));
  const record = ["hea", "dat"].map((ending) => ({ name: `00219_hr.${ending}`, bytes: new Uint8Array(files[ending]) }));
  const readers = await startReaders(files.readers);
  await readers.read("00219_hr", record, (bytes) => core.takeRecord("00219_hr", bytes));

  // Little-endian float32 after the header, whose length stands in bytes 8 and 9 of version 1.
  const x = new Float32Array(files.x.slice(10 + new DataView(files.x).getUint16(8, true)));
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(new Uint8Array(files.onnx), {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
  });
  const input = new ort.Tensor("float32", x, [1, model.length, model.leads.length]);
  const peer = async () => (await session.run({ input }))[session.outputNames[0]].data;

  for (let i = 0; i < 3; i++) core.analyse();
  await peer();
  const times = { forward: [], ours: [], peer: [] };
  let difference = 0;
  for (let i = 0; i < rounds; i++) {
    let start = performance.now();
    const theirs = await peer();
    times.peer.push(performance.now() - start);
    start = performance.now();
    core.analyse({ withMaps: false });
    times.forward.push(performance.now() - start);
    start = performance.now();
    const analysis = core.analyse();
    times.ours.push(performance.now() - start);
    analysis.report.labels.forEach(({ probability }, k) => {
      difference = Math.max(difference, Math.abs(probability - theirs[k]));
    });
  }
  return { kernels: core.about().kernels, memory: core.memoryBytes, difference, times };
}

/** @param {Awaited<ReturnType<typeof measure>>} result @param {string} where */
export function describe({ kernels, memory, difference, times }, where) {
  const best = (/** @type {number[]} */ list) => Math.min(...list);
  const median = (/** @type {number[]} */ list) => [...list].sort((a, b) => a - b)[list.length >> 1];
  const line = (/** @type {(l: number[]) => number} */ f) =>
    `onnxruntime-web ${f(times.peer).toFixed(1)} ms; ours ${f(times.forward).toFixed(1)} ms, ` +
    `ratio ${(f(times.peer) / f(times.forward)).toFixed(2)}; with all maps ` +
    `${f(times.ours).toFixed(1)} ms, ratio ${(f(times.peer) / f(times.ours)).toFixed(2)}`;
  return (
    `${where} (${kernels}, ${(memory / 1048576).toFixed(0)} MiB, ${times.ours.length} rounds)\n` +
    `  fastest: ${line(best)}\n  median:  ${line(median)}\n` +
    `  largest difference of a probability: ${difference.toExponential(1)}`
  );
}
