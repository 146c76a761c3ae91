//! The server of docs/deploy.md, word for word but for address and folder, in a real nginx.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::browser::{Browser, sample};

const GUIDE: &str = include_str!("../../docs/deploy.md");

#[tokio::test(flavor = "multi_thread")]
async fn the_site_works_behind_nginx_with_the_headers_of_the_guide() {
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = GUIDE.split("```nginx\n").nth(1).and_then(|rest| rest.split("```").next()).expect("nginx's part");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("dist");
    let lines = config.lines().filter(|line| !line.contains("ssl_certificate") && !line.contains("server_name"));
    let server: String = lines.map(|line| format!("{line}\n")).collect();
    let server = server
        .replace("listen 443 ssl;", &format!("listen 127.0.0.1:{port};"))
        .replace("/srv/camscope/dist", &root.display().to_string());
    let own = folder.path().display();
    let paths =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {own}/{kind};"));
    // As root, nginx would give its work to a user who may not read the project's folder.
    let whole = format!(
        "daemon off; master_process off; user root; pid {own}/pid; error_log {own}/error; events {{}}\nhttp {{ access_log off; {}\n{server}}}\n",
        paths.join(" ")
    );
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, whole).unwrap();
    let started = Command::new("nginx").arg("-c").arg(&file).args(["-e", "stderr"]).stderr(Stdio::piped()).spawn();
    let mut nginx = match started {
        Ok(nginx) => nginx,
        Err(error) => {
            return println!("skipped: nginx is not on the PATH ({error}); `make setup` as root installs Debian's");
        }
    };
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert_eq!(nginx.try_wait().unwrap(), None, "nginx stopped: see its message above");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let browser = Browser::start().await;
    browser.open(&format!("http://127.0.0.1:{port}/?device=cpu")).await;
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait_for("[data-testid=photo-card][data-state=done]", 1).await;
    browser.wait("body[data-kept]").await;
    assert_eq!(browser.messages().await, [""; 0]);
    // Past the service worker, what the server itself says: policy, types, and packed files.
    let ask = "return fetch(arguments[0], { method: 'HEAD', cache: 'no-store' }).then((a) => [a.status, ...arguments[1].map((name) => a.headers.get(name) ?? '')])";
    browser.run("return navigator.serviceWorker.getRegistration().then((r) => r.unregister())", vec![]).await;
    browser.open(&format!("http://127.0.0.1:{port}/?device=cpu&model=resnet-20")).await;
    let names =
        json!(["Content-Security-Policy", "Referrer-Policy", "Permissions-Policy", "Content-Type", "Content-Encoding"]);
    let page = browser.run(ask, vec![json!("./"), names.clone()]).await;
    let policy = browser.attributes("[http-equiv=Content-Security-Policy]", "content").await;
    assert_eq!(
        page[1],
        json!(format!("{}; frame-ancestors 'none'", policy[0])),
        "the guide's policy is not the page's"
    );
    assert_eq!((&page[2], &page[4]), (&json!("no-referrer"), &json!("text/html")));
    assert!(page[3].as_str().unwrap().contains("camera=(self)"), "{page}");
    let engine = browser.run(ask, vec![json!("./engine-cpu_bg.wasm"), names]).await;
    assert_eq!((&engine[0], &engine[4], &engine[5]), (&json!(200), &json!("application/wasm"), &json!("gzip")));
    let post = "return fetch('./', { method: 'POST', body: 'a photo' }).then((answer) => answer.status)";
    assert_eq!(browser.run(post, vec![]).await, json!(403));
    browser.close().await;
    nginx.kill().unwrap();
}
