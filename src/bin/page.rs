//! The page. It paints at once; the engine loads behind it in a worker of its own.

fn main() {
    console_error_panic_hook::set_once();
    camscope::page::shell::start();
}
