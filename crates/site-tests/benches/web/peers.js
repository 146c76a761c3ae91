// ONNX Runtime Web and TensorFlow.js on the networks that the benchmark describes (see benches/graph.rs). The benchmark calls
// `prepare` once for each library and `run` for every timed run. Both return milliseconds and the outputs (`answer`).
"use strict";

const LEARNING_RATE = 1e-4;
const ready = {};

// The same bytes as the engine's `noise`, with the same normalisation: interleaved RGB, photo after photo.
function noise(count) {
  return Float32Array.from({ length: count }, (_, i) => ((Math.imul(i, 2654435761) >>> 24) - 127.5) / 127.5);
}

async function prepare(peer, backend, folder, batch, training) {
  const graph = await (await fetch(`${folder}/graph.json`)).json();
  const start = performance.now();
  ready[peer] = peer === "ort" ? await onnx(backend, folder, graph, batch) : await tensorflow(backend, folder, graph, batch, training);
  const answer = await ready[peer]();
  return { first: performance.now() - start, answer };
}

async function run(peer) {
  const start = performance.now();
  const answer = await ready[peer]();
  return { took: performance.now() - start, answer };
}

async function onnx(backend, folder, graph, batch) {
  // Each backend has its own build. The one for WebGPU would be slower on the CPU.
  const ort = await import(`./ort/ort.${backend}.min.mjs`);
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(`${folder}/model.onnx`, {
    executionProviders: [backend], graphOptimizationLevel: "all",
  });
  const side = graph.side, plane = side * side, rgb = noise(batch * 3 * plane), planes = new Float32Array(rgb.length);
  for (let n = 0; n < batch; n++)
    for (let c = 0; c < 3; c++)
      for (let i = 0; i < plane; i++) planes[(n * 3 + c) * plane + i] = rgb[(n * plane + i) * 3 + c];
  return async () => {
    const photo = new ort.Tensor("float32", planes, [batch, 3, side, side]);
    const { logits } = await session.run({ photo });
    return Array.from(await logits.getData());
  };
}

async function tensorflow(backend, folder, graph, batch, training) {
  await tf.setBackend(backend);
  await tf.ready();
  const weights = new Float32Array(await (await fetch(`${folder}/weights.bin`)).arrayBuffer());
  const variables = graph.operations.map((op) => tf.tidy(() => {
    const take = (at, shape) => tf.tensor(weights.subarray(at, at + shape.reduce((a, b) => a * b, 1)), shape);
    if (op.op === "conv") {
      const whole = op.groups > 1 ? [2, 3, 0, 1] : [2, 3, 1, 0]; // TensorFlow.js has kernels as [height, width, in, out]
      return [tf.variable(take(op.weight, op.shape).transpose(whole)), tf.variable(take(op.bias, [op.shape[0]]))];
    }
    if (op.op === "head") return [tf.variable(take(op.weight, [op.channels, op.classes])), tf.variable(take(op.bias, [op.classes]))];
    return [];
  }));
  const side = graph.side, values = noise(batch * 3 * side * side), classes = graph.operations.at(-1).classes;
  const labels = tf.oneHot(tf.tensor1d(Array.from({ length: batch }, (_, i) => i % classes), "int32"), classes).toFloat();
  const optimizer = training ? tf.train.sgd(LEARNING_RATE) : null;
  const forward = () => logits(graph, variables, tf.tensor(values, [batch, side, side, 3]), training);
  return async () => {
    const answer = training
      ? optimizer.minimize(() => tf.losses.softmaxCrossEntropy(labels, forward()), true)
      : tf.tidy(forward);
    const data = Array.from(await answer.data());
    answer.dispose();
    return data;
  };
}

function logits(graph, variables, photo, training) {
  const results = [];
  const of = (i) => (i < 0 ? photo : results[i]);
  graph.operations.forEach((op, i) => {
    const x = of(op.in), [weight, bias] = variables[i];
    results.push({
      conv: () => conv(x, weight, bias, op, training),
      pool: () => tf.maxPool(padded(x, op.pads, -3.4e38), op.kernel, op.stride, "valid"),
      add: () => withRelu(tf.add(x, of(op.and)), op.relu),
      shortcut: () => tf.pad(op.step > 1 ? tf.avgPool(x, 1, op.step, 'valid') : x, [[0, 0], [0, 0], [0, 0], op.channels]),
      head: () => tf.add(tf.matMul(x.mean([1, 2]), weight), bias),
    }[op.op]());
  });
  return results.at(-1);
}

// Outside of training, use fused operations, which are the fastest of TensorFlow.js but have no gradients.
function conv(x, weight, bias, op, training) {
  const { stride, pads: [top, left, bottom, right], groups, relu } = op;
  const side = x.shape[1], kernel = op.shape[2];
  const whole = Math.max((Math.ceil(side / stride) - 1) * stride + kernel - side, 0), before = whole >> 1;
  const same = top === before && left === before && bottom === whole - before && right === whole - before;
  const input = same ? x : padded(x, op.pads, 0), pad = same ? "same" : "valid";
  if (training) {
    const convolved = groups > 1 ? tf.depthwiseConv2d(input, weight, stride, pad) : tf.conv2d(input, weight, stride, pad);
    return withRelu(tf.add(convolved, bias), relu);
  }
  const activation = !relu ? "linear" : relu.cap === 6 ? "relu6" : relu.slope === 0 ? "relu" : "leakyrelu";
  const all = { x: input, filter: weight, strides: stride, pad, bias, activation, leakyreluAlpha: relu?.slope };
  return groups > 1 ? tf.fused.depthwiseConv2d(all) : tf.fused.conv2d(all);
}

function padded(x, [top, left, bottom, right], value) {
  return top + left + bottom + right === 0 ? x : tf.pad(x, [[0, 0], [top, bottom], [left, right], [0, 0]], value);
}

function withRelu(x, relu) {
  if (!relu) return x;
  if (relu.cap) return tf.relu6(x);
  return relu.slope === 0 ? tf.relu(x) : tf.leakyRelu(x, relu.slope);
}
