//! Deployment as in docs/deploy.md. The guide's configuration runs in a real nginx, with only address and folder
//! changed. And a new version replaces one that a visitor has open.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::browser::{Browser, project, sample};
use crate::site::{Site, copy_folder, dist};

const GUIDE: &str = include_str!("../../../../docs/deploy.md");

#[tokio::test(flavor = "multi_thread")]
async fn the_site_works_behind_nginx_with_the_headers_of_the_guide() {
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = GUIDE
        .split("```nginx\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("the nginx configuration in the guide");
    let root = project("dist");
    let lines = config.lines().filter(|line| !line.contains("ssl_certificate") && !line.contains("server_name"));
    let server: String = lines.map(|line| format!("{line}\n")).collect();
    let server = server
        .replace("listen 443 ssl;", &format!("listen 127.0.0.1:{port};"))
        .replace("/srv/camscope/dist", &root.display().to_string());
    let own = folder.path().display();
    let paths =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {own}/{kind};"));
    // Without `user root`, nginx started by root would serve as a user who may not read the project's folder.
    let config = format!(
        "daemon off; master_process off; user root; pid {own}/pid; error_log {own}/error; events {{}}\nhttp {{ access_log off; {}\n{server}}}\n",
        paths.join(" ")
    );
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, config).unwrap();
    let started = Command::new("nginx").arg("-c").arg(&file).args(["-e", "stderr"]).stderr(Stdio::piped()).spawn();
    let mut nginx = match started {
        Ok(nginx) => nginx,
        Err(error) => {
            let reason = "skipped: nginx is not on the PATH; `make setup SYSTEM=1` installs it";
            let _ = writeln!(std::io::stderr(), "{reason} ({error})");
            return;
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
    browser.wait("[data-kept=site], [data-kept=all]").await;
    assert_eq!(browser.messages().await, [""; 0]);
    // Without the service worker, check the server's own headers: policy, types and compression.
    let headers = "return fetch(arguments[0], { method: 'HEAD', cache: 'no-store' }).then((a) => [a.status, ...arguments[1].map((name) => a.headers.get(name) ?? '')])";
    browser.run("return navigator.serviceWorker.getRegistration().then((r) => r.unregister())", vec![]).await;
    browser.open(&format!("http://127.0.0.1:{port}/?device=cpu&model=resnet-20")).await;
    let names =
        json!(["Content-Security-Policy", "Referrer-Policy", "Permissions-Policy", "Content-Type", "Content-Encoding"]);
    let page = browser.run(headers, vec![json!("./"), names.clone()]).await;
    let policy = browser.attributes("[http-equiv=Content-Security-Policy]", "content").await;
    assert_eq!(
        page[1],
        json!(format!("{}; frame-ancestors 'none'", policy[0])),
        "the policy in the guide differs from the page's"
    );
    assert_eq!((&page[2], &page[4]), (&json!("no-referrer"), &json!("text/html")));
    assert!(page[3].as_str().unwrap().contains("camera=(self)"), "{page}");
    let engine = browser.run(headers, vec![json!("./engine-cpu_bg.wasm"), names]).await;
    assert_eq!((&engine[0], &engine[4], &engine[5]), (&json!(200), &json!("application/wasm"), &json!("gzip")));
    let post = "return fetch('./', { method: 'POST', body: 'a photo' }).then((answer) => answer.status)";
    assert_eq!(browser.run(post, vec![]).await, json!(403));
    browser.close().await;
    nginx.kill().unwrap();
}

/// Write a version of the site in which plain-20 has another file name, as after another training.
fn write_version_with_other_weights(to: &Path, file: &str, digest: &str) {
    copy_folder(&dist(), to);
    let models = to.join("models");
    let new = format!("plain-20-{digest}.bpk");
    std::fs::rename(models.join(file), models.join(&new)).unwrap();
    let manifest = std::fs::read_to_string(models.join("manifest.json")).unwrap();
    std::fs::write(models.join("manifest.json"), manifest.replace(file, &new)).unwrap();
}

/// Copy older weights from the site at `address`, as the workflow does. Return their file names.
fn copy_older_weights(address: &str, to: &Path) -> Vec<String> {
    let tool = project("tools/older_weights.py");
    let status = Command::new("python3").arg("-B").arg(tool).arg(address).arg(to).status().unwrap();
    assert!(status.success());
    serde_json::from_slice(&std::fs::read(to.join("models/older.json")).unwrap()).unwrap()
}

/// A deployment to GitHub Pages replaces the whole site. A page that is open still gets the networks of its own
/// version.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_an_older_version_finds_its_weights_after_a_deployment() {
    let files = std::fs::read_dir(dist().join("models")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut files = files.map(|name| name.into_string().unwrap());
    let old = files.find(|name| name.starts_with("plain-20-") && name.ends_with(".bpk")).unwrap();
    // Remove the service worker, which would have cached all weights by then.
    let (site, browser) =
        (Site::changed(|root| std::fs::remove_file(root.join("sw.js")).unwrap()).await, Browser::start().await);
    browser.open(&format!("{}/?device=cpu&model=resnet-20", site.url)).await;
    browser.add_photos(&[&sample("cat.png")]).await;
    browser.wait("[data-testid=photo-card][data-state=done]").await;

    let (second, third) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_version_with_other_weights(second.path(), &old, "aaaaaaaaaaaa");
    assert_eq!(copy_older_weights(&site.url, second.path()), [old.as_str()]);
    site.replace(second.path());
    // The third version keeps these weights too. It skips those of the second version, whose hash is not that of their
    // name.
    write_version_with_other_weights(third.path(), &old, "bbbbbbbbbbbb");
    assert_eq!(copy_older_weights(&site.url, third.path()), [old.as_str()]);
    site.replace(third.path());

    browser.set("[data-testid=model-select]", "plain-20").await;
    browser.wait("[data-testid=model-select][data-value=plain-20]").await;
    browser.wait("[data-testid=photo-card][data-state=done]").await;
    assert_eq!(site.requests_for(&old), 3, "requests by both deployments and by the page");
    assert_eq!(browser.messages().await, [""; 0]);
    browser.close().await;
}
