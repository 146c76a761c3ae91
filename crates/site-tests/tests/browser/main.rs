//! The site in a real headless Chromium, as a visitor meets it. `make test-browser` brings what this needs: the built site in
//! `dist/`, Chromium and ChromeDriver.

mod about;
mod access;
mod bad_input;
mod browser;
mod check;
mod deploy;
mod engines;
mod faults;
mod methods;
mod offline;
mod page;
mod privacy;
mod promises;
mod site;
mod teach;
mod teach_faults;
mod teach_numbers;
mod tour;
mod words;
