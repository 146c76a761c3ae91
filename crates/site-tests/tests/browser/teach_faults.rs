//! Injected faults during teaching. Each ends in a message, the page continues, and no photo is lost.

use std::time::Duration;

use serde_json::json;

use crate::browser::{Browser, project};
use crate::faults::{DIE, LOSE, trigger_fault, with};
use crate::site::Site;
use crate::teach::{CPU, DONE, SMALL, STATE, THUMB, stripes};

/// A second tab does not open a project that is open in another tab. After that tab is closed, it does.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_is_open_in_one_tab_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.with_stripes(&site, CPU, folder.path(), 2).await;
    let chosen = "return document.querySelector('[data-testid=project-select]').value";
    let first = browser.run(chosen, vec![]).await;

    let window = browser.client.new_window(true).await.unwrap();
    let before = browser.client.window().await.unwrap();
    browser.client.switch_to_window(window.handle.clone()).await.unwrap();
    browser.open_teach(&site, CPU).await;
    let messages = browser.messages().await;
    assert!(messages.len() == 1 && messages[0].contains("“My classes” is open in another tab"), "{messages:?}");
    assert_eq!(browser.count(THUMB).await, 0, "the second tab has an empty project");
    // The project that is open is listed, too, so that the other one can be chosen.
    browser.wait_for("[data-testid=project-select] option", 2).await;
    browser.click("[data-testid=class-add]").await;
    browser.wait_for("[data-testid=project-select] option", 2).await;
    let second = browser.run(chosen, vec![]).await;
    assert_ne!(first, second);
    browser.set("[data-testid=project-select]", first.as_str().unwrap()).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(browser.run(chosen, vec![]).await, second, "the menu shows the project that is open");

    browser.client.switch_to_window(before).await.unwrap();
    browser.wait_for(THUMB, 4).await;
    browser.client.close_window().await.unwrap();
    browser.client.switch_to_window(window.handle).await.unwrap();
    browser.set("[data-testid=project-select]", first.as_str().unwrap()).await;
    browser.wait_for(THUMB, 4).await;
    browser.close().await;
}

/// The renderer process dies during training. The project is there when the page is opened again.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_renderer_costs_nothing_but_the_training() {
    let folder = tempfile::tempdir().unwrap();
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.with_stripes(&site, CPU, folder.path(), 4).await;
    browser.click(".choices summary").await;
    browser.setting("epochs", "1000").await;
    browser.setting("part-select", "stage").await;
    browser.start_training().await;
    // Training can be paused and continued.
    browser.click("[data-testid=train-pause]").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let paused = browser.text("[data-testid=train-epoch]").await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(browser.text("[data-testid=train-epoch]").await, paused, "no epoch ends during the pause");
    browser.click("[data-testid=train-pause]").await;
    tokio::time::sleep(Duration::from_millis(500)).await;

    browser.kill_renderer().await;
    browser.open_teach(&site, CPU).await;
    browser.wait_for(THUMB, 8).await;
    assert_eq!(browser.attributes(STATE, "data-state").await, ["idle"]);
    let epochs = browser.run("return document.querySelector('[data-testid=epochs]').value", vec![]).await;
    assert_eq!(epochs, json!("1000"), "the settings are saved");
    assert!(browser.text("[data-testid=train-epoch]").await.ends_with("/1000"), "the epochs so far are saved");

    // Training that is stopped keeps its best weights.
    browser.start_training().await;
    browser.click("[data-testid=train-stop]").await;
    browser.wait(DONE).await;
    browser.wait("[data-testid=use-model]").await;
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}

/// A missing camera and full storage each give a message.
#[tokio::test(flavor = "multi_thread")]
async fn no_camera_and_no_room_are_told() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open_teach(&site, CPU).await;
    browser.click("[data-testid=class-camera]").await;
    browser.wait("[data-testid=error]").await;
    let messages = browser.messages().await;
    assert!(messages.len() == 1 && messages[0].to_lowercase().contains("camera"), "{messages:?}");
    browser.click("[aria-label=Dismiss]").await;
    // With full storage no photo is added, and none is lost.
    let folder = tempfile::tempdir().unwrap();
    let [down, _] = stripes(folder.path(), 2);
    browser.add_to_class(1, &down[..1]).await;
    browser.wait_for(THUMB, 1).await;
    let full = "window.put = IDBObjectStore.prototype.put; \
        IDBObjectStore.prototype.put = () => { throw new DOMException('no room', 'QuotaExceededError') }";
    browser.run(full, vec![]).await;
    browser.add_to_class(1, &down[1..]).await;
    browser.wait("[data-testid=error]").await;
    assert!(browser.messages().await[0].contains("storage is full"), "{:?}", browser.messages().await);
    assert_eq!(browser.count(THUMB).await, 1);
    browser.run("IDBObjectStore.prototype.put = window.put", vec![]).await;
    // A network from a file can be imported, and Look uses it.
    let models = project("www/models");
    let mut files = std::fs::read_dir(models).unwrap().map(|entry| entry.unwrap().path());
    let network = files.find(|path| path.to_string_lossy().ends_with(".bpk")).unwrap();
    browser.wait("[data-testid=project-import]").await.send_keys(&network.to_string_lossy()).await.unwrap();
    browser.wait("[data-testid=tab-look][aria-current=page]").await;
    browser.wait("[data-testid=engine-progress][data-state=ready]").await;
    browser.close().await;
}

/// The adapter is lost during training. The CPU starts the training again by itself, with all photos.
#[tokio::test(flavor = "multi_thread")]
async fn an_adapter_lost_while_it_trains_has_the_cpu_begin_again() {
    let folder = tempfile::tempdir().unwrap();
    let (site, browser) = (Site::changed(with("engine_loader.js", LOSE)).await, Browser::start().await);
    browser.with_stripes(&site, &format!("device=webgpu&model={SMALL}"), folder.path(), 3).await;
    browser.click(".choices summary").await;
    browser.setting("epochs", "1000").await;
    browser.setting("part-select", "stage").await;
    browser.start_training().await;
    trigger_fault(&browser).await;
    let message = "return [...document.querySelectorAll('[data-testid=error]')].some(e => e.textContent.includes('The CPU begins again'))";
    browser.until("a message says that the CPU begins again", message).await;
    browser.wait_for_epoch().await;
    browser.click("[data-testid=train-stop]").await;
    browser.wait(DONE).await;
    browser.wait("[data-testid=tally]").await;
    assert_eq!(browser.count(THUMB).await, 6);
    // Look's engine, whose adapter is lost, too, says so for itself.
    let messages = browser.messages().await;
    assert_eq!(messages.iter().filter(|message| message.contains("The CPU begins again")).count(), 1, "{messages:?}");
    browser.close().await;
}

/// The CPU's worker dies during training. A message is shown, the photos are kept, and the next training starts a new
/// worker.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_while_it_trains_costs_that_training() {
    let folder = tempfile::tempdir().unwrap();
    let (site, browser) = (Site::changed(with("engine_loader.js", DIE)).await, Browser::start().await);
    browser.with_stripes(&site, CPU, folder.path(), 3).await;
    browser.click(".choices summary").await;
    browser.setting("epochs", "1000").await;
    browser.setting("part-select", "stage").await;
    browser.start_training().await;
    trigger_fault(&browser).await;
    browser.click("[data-testid=train-pause]").await;
    browser.wait("[data-testid=train-state][data-state=failed]").await;
    let messages = browser.messages().await;
    assert!(messages.len() == 1 && messages[0].contains("Your photos are kept; try again"), "{messages:?}");
    assert_eq!(browser.count(THUMB).await, 6);
    browser.screenshot("teach-dead-worker").await;
    browser.setting("epochs", "3").await;
    browser.train().await;
    assert_eq!(browser.text("[data-testid=train-epoch]").await, "3/3");
    browser.close().await;
}
