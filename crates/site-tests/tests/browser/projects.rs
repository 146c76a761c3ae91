//! Projects of the Teach tab: their addresses, photos from *One photo*, and two tabs at once.

use serde_json::json;

use crate::browser::{Browser, sample};
use crate::site::Site;
use crate::teach::{CPU, THUMB};

const NAME: &str = "return document.querySelector('[data-testid=project-name]')?.value";

/// Photos that *One photo* has become examples of a class by a click.
#[tokio::test(flavor = "multi_thread")]
async fn photos_in_hand_become_examples() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open(&format!("{}/?{CPU}", site.url)).await;
    browser.add_photos(&[&sample("rocket.jpg"), &sample("cat.png")]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 2).await;
    browser.click("[data-testid=tab-teach]").await;
    browser.click("[data-testid=class-card]:nth-of-type(2) [data-testid=class-in-hand]").await;
    browser.wait_for("[data-testid=in-hand]", 2).await;
    browser.click("[data-testid=in-hand]:nth-of-type(2)").await;
    browser.wait_for("[data-testid=class-card]:nth-of-type(2) .thumb", 1).await;
    browser.wait("[data-testid=in-hand]:nth-of-type(2):disabled").await;
    browser.screenshot("teach-in-hand").await;
    assert!(browser.attributes(".thumb .open", "title").await[0].contains("cat.png"));
    browser.close().await;
}

/// The address names the open project: a reload, Back and a changed address open it.
#[tokio::test(flavor = "multi_thread")]
async fn a_project_has_its_address() {
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.open_teach(&site, CPU).await;
    let is_at = |name: &str| format!("return decodeURIComponent(location.hash) === '#teach/{name}'");
    for name in ["Äpfel & Birnen", "Second/one"] {
        browser.click("[data-testid=project-new]").await;
        browser.until("a new project", &is_at("My classes 2")).await;
        browser.set("[data-testid=project-name]", name).await;
        browser.until("the address follows the name", &is_at(name)).await;
    }
    browser.run("location.hash = '#teach/' + encodeURIComponent('Äpfel & Birnen')", vec![]).await;
    browser.until("the other project is open", &format!("{} === 'Äpfel & Birnen'", NAME)).await;
    browser.reload().await;
    browser.until("it is open after a reload", &format!("{} === 'Äpfel & Birnen'", NAME)).await;
    browser.close().await;
}

/// A project that another tab has open is not deleted by *Delete everything*, and can be opened once that tab is closed.
#[tokio::test(flavor = "multi_thread")]
async fn tabs_leave_each_other_their_projects() {
    let folder = tempfile::tempdir().unwrap();
    let (site, browser) = (Site::built().await, Browser::start().await);
    browser.with_stripes(&site, CPU, folder.path(), 2).await;
    let first = browser.client.window().await.unwrap();
    let second = browser.client.new_window(true).await.unwrap().handle;
    browser.client.switch_to_window(second.clone()).await.unwrap();
    browser.open_teach(&site, CPU).await;
    browser
        .until("the other tab is named", "return document.querySelector('.toast')?.textContent.includes('another tab')")
        .await;
    assert_eq!(browser.count(THUMB).await, 0);
    browser
        .run("window.confirm = () => true; document.querySelector('[data-testid=delete-everything]').click()", vec![])
        .await;
    let left = "return [...document.querySelectorAll('.toast')].some((t) => t.textContent.includes('Still there'))";
    browser.until("what is left is named", left).await;

    browser.client.switch_to_window(first).await.unwrap();
    browser.reload().await;
    browser.wait_for(THUMB, 4).await;
    browser.client.close_window().await.unwrap();
    browser.client.switch_to_window(second).await.unwrap();
    browser.wait("label:not([hidden]) > [data-testid=project-select]").await;
    let other = "const s = document.querySelector('[data-testid=project-select]'); return [...s.options].find((o) => !o.selected).value";
    let other = browser.run(other, vec![]).await;
    browser.set("[data-testid=project-select]", other.as_str().unwrap()).await;
    browser.wait_for(THUMB, 4).await;
    assert_eq!(browser.run(NAME, vec![]).await, json!("My classes"));
    browser.close().await;
}
