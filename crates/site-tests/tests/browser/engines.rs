//! Both engines give the results of the native binary: the same classes in the same order, and the same maps.

use std::path::Path;

use camscope::checkpoint::{decode, read_manifest};
use camscope::core::inference::Inference;
use camscope::device::{DeviceKind, open};
use camscope::engine::Session;
use camscope::photo::Photo;
use serde_json::json;

use crate::browser::{Browser, project, sample};
use crate::site::Site;

/// Fraction of a map's range by which two devices may differ.
const MAP_TOLERANCE: f32 = 0.02;

/// Insert a script before the engine's worker.
fn prepend_to_worker(root: &Path, script: &str) {
    let loader = root.join("engine_loader.js");
    let code = std::fs::read_to_string(&loader).unwrap();
    std::fs::write(&loader, format!("{script}\n{code}")).unwrap();
}

/// Return the native inference on a photo.
async fn native(model: &str, photo: &Path) -> Inference {
    let models = project("www/models");
    let card = read_manifest(&models).unwrap().models.into_iter().find(|card| card.name == model).unwrap();
    let device = open(DeviceKind::Cpu).await.unwrap();
    let (_, network) = decode(std::fs::read(models.join(&card.file)).unwrap(), &device).unwrap();
    let mut session = Session::new(device, || 0.0);
    session.set_model(card, network);
    session.infer(0, &Photo::decode(&std::fs::read(photo).unwrap()).unwrap(), 5).await.unwrap()
}

/// Check that the page's classes, probabilities and maps agree with the native ones.
async fn assert_agrees(device: &str, model: &str, photo: &Path) {
    assert_agrees_on(&Site::built().await, device, model, photo).await;
}

async fn assert_agrees_on(site: &Site, device: &str, model: &str, photo: &Path) {
    let browser = Browser::start().await;
    browser.open(&format!("{}/?device={device}&model={model}", site.url)).await;
    browser.add_photos(&[photo]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 1).await;
    browser.wait_for("[data-testid=map-canvas]", 5).await;
    assert_eq!(browser.attributes("[data-testid=device-label]", "data-device").await, [device]);

    let expected = native(model, photo).await;
    let classes: Vec<_> = expected.predictions.iter().map(|p| p.class.clone()).collect();
    assert_eq!(browser.attributes("[data-testid=prediction]", "data-class").await, classes);
    let probabilities = browser.attributes("[data-testid=prediction]", "data-probability").await;
    let maps = browser.attributes("[data-testid=map-canvas]", "data-values").await;
    for ((p, probability), map) in expected.predictions.iter().zip(probabilities).zip(maps) {
        let probability: f32 = probability.parse().unwrap();
        assert!((probability - p.probability).abs() < 0.01, "{}: {probability}, natively {}", p.class, p.probability);
        let map: Vec<f32> = serde_json::from_str(&map).unwrap();
        let (low, high) = p.map.values.iter().fold((f32::MAX, f32::MIN), |(l, h), &v| (l.min(v), h.max(v)));
        assert_eq!(map.len(), p.map.values.len());
        for (a, b) in map.iter().zip(&p.map.values) {
            assert!((a - b).abs() <= MAP_TOLERANCE * (high - low), "{}: {a}, natively {b}", p.class);
        }
    }
    assert_eq!(browser.messages().await, [""; 0]);
    browser.screenshot(&format!("{device}-{model}")).await;
    browser.close().await;
}

/// If the linker treats an engine as a command, every exported function begins with a call of all constructors. These
/// are about a thousand, and exported functions run whenever a handle of a JavaScript object is created.
#[test]
fn constructors_do_not_run_with_every_call() {
    use wasmparser::{ExternalKind, Operator, Parser, Payload};
    for engine in ["engine-cpu", "engine-cpu-relaxed", "engine-webgpu"] {
        let path = project(format!("dist/{engine}_bg.wasm"));
        let code = std::fs::read(&path).expect("the built site");
        let (mut exported, mut imported, mut bodies) = (Vec::new(), 0, Vec::new());
        for payload in Parser::new(0).parse_all(&code) {
            match payload.unwrap() {
                Payload::ImportSection(imports) => {
                    let kinds = imports.into_imports().map(|import| import.unwrap().ty);
                    imported = kinds.filter(|kind| matches!(kind, wasmparser::TypeRef::Func(_))).count();
                }
                Payload::ExportSection(exports) => {
                    let functions = exports.into_iter().map(Result::unwrap).filter(|e| e.kind == ExternalKind::Func);
                    exported.extend(functions.map(|export| export.index as usize));
                }
                Payload::CodeSectionEntry(body) => bodies.push(body),
                _ => {}
            }
        }
        let first = |&index: &usize| bodies[index - imported].get_operators_reader().unwrap().read().unwrap();
        let calls: Vec<u32> = exported
            .iter()
            .filter_map(|index| match first(index) {
                Operator::Call { function_index } => Some(function_index),
                _ => None,
            })
            .collect();
        assert!(exported.len() > 3, "{engine} exports {exported:?}");
        let repeated = calls.iter().enumerate().any(|(i, call)| calls[..i].contains(call));
        assert!(!repeated, "{engine}: exported functions begin with the same call");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cpu_engine_agrees_with_native_on_imagenet() {
    assert_agrees("cpu", "efficientnet-lite0", &sample("cat.png")).await;
}

/// The page loads the engine with relaxed SIMD in browsers that support it, and the other engine otherwise.
#[tokio::test(flavor = "multi_thread")]
async fn both_cpu_engines_agree_with_native_on_our_own_network() {
    const ENGINES: [&str; 2] = ["engine-cpu_bg.wasm", "engine-cpu-relaxed_bg.wasm"];
    for (script, engine) in [("", ENGINES[1]), ("WebAssembly.validate = () => false;", ENGINES[0])] {
        // Remove the service worker, which would fetch both engines.
        let change = |root: &Path| {
            prepend_to_worker(root, script);
            std::fs::remove_file(root.join("sw.js")).unwrap();
        };
        let site = Site::changed(change).await;
        assert_agrees_on(&site, "cpu", "vgg16-gap-cifar10", &sample("cat.png")).await;
        assert_eq!(ENGINES.map(|file| site.requests_for(file)), ENGINES.map(|file| usize::from(file == engine)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn webgpu_engine_agrees_with_native() {
    assert_agrees("webgpu", "vgg16-gap-cifar10", &sample("cat.png")).await;
}

/// The page chooses the CPU instead of a software adapter, which is slower, and shows the reason.
#[tokio::test(flavor = "multi_thread")]
async fn the_cpu_is_chosen_over_a_software_adapter() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&site.url).await;
    browser.wait("[data-testid=device-label][data-device=cpu]").await;
    let text = browser.text("[data-testid=device-label]").await;
    assert!(text.contains("software") || text.contains("WebGPU") || text.contains("adapter"), "{text}");
    browser.close().await;
}

/// On the first visit with a hardware adapter, one network is timed on both devices. The faster one is used, with its reason,
/// and the browser remembers it.
#[tokio::test(flavor = "multi_thread")]
async fn the_faster_device_is_used_and_remembered() {
    // Script for the page: SwiftShader looks like hardware, and engines are counted.
    const HARDWARE: &str = "Object.defineProperty(GPUAdapter.prototype, 'info', { get: () => ({ vendor: 'nvidia', architecture: 'test' }) }); \
        window.started = 0; window.Worker = class extends Worker { constructor(...all) { super(...all); window.started++; } };";
    const SLOW_CPU: &str = "if (location.search.includes('device=cpu')) { \
        const now = performance.now.bind(performance); performance.now = () => 1e5 * now(); }";
    for (script, device, reason) in [("", "cpu", " ms a photo, adapter "), (SLOW_CPU, "webgpu", " ms a photo, CPU ")] {
        let change = |root: &Path| {
            prepend_to_worker(root, script);
            crate::faults::with("start.js", HARDWARE)(root);
        };
        let (site, browser) = (Site::changed(change).await, Browser::start().await);
        let label = "document.querySelector('[data-testid=device-label]')";
        let timed =
            format!("return {label}?.dataset.device === '{device}' && {label}.textContent.includes('{reason}')");
        for visit in 1..=2 {
            browser.open(&format!("{}/?model=resnet-20", site.url)).await;
            browser.add_photos(&[&sample("cat.png")]).await;
            browser.until("the faster device is used", &timed).await;
            browser.wait_for("[data-testid=photo-card][data-state=done]", visit).await;
            assert_eq!(browser.messages().await, [""; 0], "{device}, visit {visit}");
            // The first visit starts both engines, the second one only the faster.
            assert_eq!(browser.run("return window.started", vec![]).await, json!(3 - visit), "{device}, visit {visit}");
        }
        browser.screenshot(&format!("device-{device}")).await;
        browser.close().await;
    }
}

/// The page uses the CPU if the WebGPU engine's code cannot be loaded, if its adapter is gone, or if its device cannot
/// be opened.
#[tokio::test(flavor = "multi_thread")]
async fn broken_webgpu_engine_falls_back_to_the_cpu() {
    let wasm = |root: &Path| std::fs::write(root.join("engine-webgpu_bg.wasm"), b"not wasm").unwrap();
    let adapter = |root: &Path| prepend_to_worker(root, "GPU.prototype.requestAdapter = async () => null;");
    let device = |root: &Path| {
        prepend_to_worker(root, "GPUAdapter.prototype.requestDevice = async () => { throw new Error('lost') };");
    };
    for change in [&wasm as &dyn Fn(&Path), &adapter, &device] {
        let (site, browser) = (Site::changed(change).await, Browser::start().await);
        browser.open(&format!("{}/?device=webgpu&model=vgg16-gap-cifar10", site.url)).await;
        browser.add_photos(&[&sample("cat.png")]).await;
        browser.wait_for("[data-testid=photo-card][data-state=done]", 1).await;
        assert_eq!(browser.attributes("[data-testid=device-label]", "data-device").await, ["cpu"]);
        let messages = browser.messages().await;
        assert!(messages.len() == 1 && messages[0].contains("The CPU goes on"), "{messages:?}");
        browser.close().await;
    }
}

/// Script for the worker: count the shaders that the engine compiles, and send the count to the page.
const COUNT: &str = "let pipelines = 0; const make = GPUDevice.prototype.createComputePipeline; \
    GPUDevice.prototype.createComputePipeline = function (...all) { pipelines++; return make.apply(this, all); }; \
    setInterval(() => new BroadcastChannel('pipelines').postMessage(pipelines), 100);";

/// The shaders for the first photo are compiled while the visitor still chooses it.
#[tokio::test(flavor = "multi_thread")]
async fn shaders_are_compiled_before_the_first_photo() {
    let (site, browser) = (Site::changed(|root| prepend_to_worker(root, COUNT)).await, Browser::start().await);
    browser.open(&format!("{}/?device=webgpu&model=resnet-20", site.url)).await;
    let listen = "new BroadcastChannel('pipelines').onmessage = (event) => { window.pipelines = event.data; }";
    browser.run(listen, vec![]).await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    // Wait until no more shaders are compiled.
    let mut before = 0;
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
        let count = browser.run("return window.pipelines ?? 0", vec![]).await.as_u64().unwrap();
        if count == before && count > 0 {
            break;
        }
        before = count;
    }
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 1).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let after = browser.run("return window.pipelines", vec![]).await.as_u64().unwrap();
    assert!(before > 5 && after <= before + 2, "{before} shaders before the first photo, {after} after it");
    browser.close().await;
}

/// Script for the worker: SwiftShader looks like hardware, for which other kernels are chosen.
const HARDWARE: &str = "for (const name of ['vendor', 'architecture', 'description']) \
    Object.defineProperty(GPUAdapterInfo.prototype, name, { get: () => 'test' });";

/// On hardware most shaders are compiled while the weights are still on their way.
#[tokio::test(flavor = "multi_thread")]
async fn shaders_are_compiled_while_the_weights_arrive() {
    let site = Site::changed(|root| prepend_to_worker(root, &format!("{HARDWARE} {COUNT}"))).await;
    let browser = Browser::start().await;
    site.delay(".bpk", std::time::Duration::from_secs(10));
    browser.open(&format!("{}/?device=webgpu&model=resnet-20", site.url)).await;
    let listen = "new BroadcastChannel('pipelines').onmessage = (event) => { window.pipelines = event.data; }";
    browser.run(listen, vec![]).await;
    let ready = "return [document.querySelector('[data-testid=engine-progress]')?.dataset.state === 'ready', window.pipelines ?? 0]";
    let mut early = 0;
    let all = loop {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let (is_ready, count): (bool, u64) = serde_json::from_value(browser.run(ready, vec![]).await).unwrap();
        if is_ready {
            browser.add_photos(&[&sample("cat.png")]).await;
            browser.wait_for("[data-testid=photo-card][data-state=done]", 1).await;
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            break browser.run("return window.pipelines", vec![]).await.as_u64().unwrap();
        }
        early = count;
    };
    eprintln!("{early} of {all} shaders were compiled before the weights came");
    assert!(early > all / 2, "{early} of {all} shaders were compiled before the weights came");
    browser.close().await;
}

/// Script for the worker: count the dispatches up to each answer of the adapter that the engine waits for, and send the counts to
/// the page. Buffers that are mapped together come with one answer.
const COUNT_WORK: &str = "const work = []; let dispatches = 0; const dispatch = GPUComputePassEncoder.prototype.dispatchWorkgroups; \
    GPUComputePassEncoder.prototype.dispatchWorkgroups = function (...all) { dispatches++; return dispatch.apply(this, all); }; \
    let pending = 0; const map = GPUBuffer.prototype.mapAsync; GPUBuffer.prototype.mapAsync = function (...all) { \
        if (pending++ === 0) work.push(dispatches), dispatches = 0; \
        const mapped = map.apply(this, all); mapped.finally(() => pending--); return mapped; }; \
    const id = Math.random(); \
    setInterval(() => new BroadcastChannel('work').postMessage([id, ...work]), 100);";

/// Every dispatch and every answer costs time that no card is fast enough to save. A photo takes one answer, and about one
/// dispatch per convolution: residual sums, activations and the maps need none of their own.
#[tokio::test(flavor = "multi_thread")]
async fn a_photo_takes_one_answer_and_one_dispatch_per_convolution() {
    let site = Site::changed(|root| prepend_to_worker(root, &format!("{HARDWARE} {COUNT_WORK}"))).await;
    for (model, most) in [("efficientnet-lite0", 35.0), ("resnet-20", 60.0)] {
        let browser = open_and_listen(&site, &format!("device=webgpu&model={model}"), "work").await;
        let mut answers = Vec::new();
        for (photos, photo) in ["cat.png", "coffee.png"].into_iter().enumerate() {
            browser.add_photos(&[&sample(photo)]).await;
            browser.wait_for("[data-testid=photo-card][data-state=done]", photos + 1).await;
            answers.push(heard(&browser).await);
        }
        let [before, after] = answers.try_into().unwrap();
        let dispatches = &after[before.len()..];
        eprintln!("{model}: dispatches per photo, answer by answer: {dispatches:?}");
        assert!(matches!(dispatches, [count] if (20.0..=most).contains(count)), "{model}: {dispatches:?}");
        browser.close().await;
    }
    // A network that is not on the site is built for a benchmark, whose last passes are alike.
    let browser = open_and_listen(&site, "bench=resnet-50&size=224&device=webgpu&runs=3", "work").await;
    browser.wait_for("[data-testid=bench-row]", 1).await;
    let answers = heard(&browser).await;
    let passes = answers.windows(3).find(|passes| passes[0] >= 50.0 && passes.iter().all(|pass| *pass == passes[0]));
    eprintln!("resnet-50: dispatches before each answer: {answers:?}");
    assert!(passes.is_some_and(|passes| passes[0] <= 80.0), "resnet-50: {answers:?}");
    browser.close().await;
}

/// Open the page in a browser of its own, and listen to what the worker tells on a channel.
async fn open_and_listen(site: &Site, query: &str, channel: &str) -> Browser {
    let browser = Browser::start().await;
    browser.open(&format!("{}/?{query}", site.url)).await;
    let listen = format!(
        "window.heard = {{}}; new BroadcastChannel('{channel}').onmessage = ({{data}}) => {{ heard[data[0]] = data.slice(1); }}"
    );
    browser.run(&listen, vec![]).await;
    browser
}

/// Return the numbers that the worker told last, as soon as they stay the same; of several workers those of the busiest.
async fn heard(browser: &Browser) -> Vec<f64> {
    let sum = |numbers: &Vec<f64>| numbers.iter().sum::<f64>();
    let mut last = Vec::new();
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        let now: Vec<Vec<f64>> =
            serde_json::from_value(browser.run("return Object.values(window.heard)", vec![]).await).unwrap();
        let busiest = now.iter().max_by(|a, b| sum(a).total_cmp(&sum(b)));
        if now == last
            && let Some(busiest) = busiest
        {
            return busiest.clone();
        }
        last = now;
    }
}

/// Script for the worker: tell the page how many bytes of buffers there are at most.
const COUNT_BYTES: &str = "let bytes = 0, most = 0; const create = GPUDevice.prototype.createBuffer; \
    GPUDevice.prototype.createBuffer = function (wanted) { const buffer = create.call(this, wanted); \
        most = Math.max(most, bytes += wanted.size); let left = wanted.size; const destroy = buffer.destroy; \
        buffer.destroy = function () { bytes -= left; left = 0; return destroy.call(this); }; return buffer; }; \
    const id = Math.random(); \
    setInterval(() => new BroadcastChannel('bytes').postMessage([id, most]), 100);";

/// Transformed weights take several times the memory of the original ones. A phone keeps only the small ones.
#[tokio::test(flavor = "multi_thread")]
async fn a_phone_keeps_fewer_transformed_weights() {
    let mut megabytes = Vec::new();
    for memory in [8, 4] {
        let script = format!(
            "Object.defineProperty(WorkerNavigator.prototype, 'deviceMemory', {{value: {memory}}}); {HARDWARE} {COUNT_BYTES}"
        );
        let site = Site::changed(|root| prepend_to_worker(root, &script)).await;
        let browser = open_and_listen(&site, "bench=vgg16-gap&size=224&device=webgpu&runs=1", "bytes").await;
        browser.wait_for("[data-testid=bench-row]", 1).await;
        megabytes.push(heard(&browser).await[0] / 1e6);
        browser.close().await;
    }
    eprintln!("buffers of VGG16-GAP: {:.0} MB, on a phone {:.0} MB", megabytes[0], megabytes[1]);
    assert!(megabytes[1] > 60.0 && megabytes[1] < megabytes[0] - 50.0, "{megabytes:?} MB");
}
