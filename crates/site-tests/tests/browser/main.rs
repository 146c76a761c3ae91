//! Tests of the site in a headless Chromium, as a visitor uses it. They need the built site in `dist/`, Chromium and
//! ChromeDriver, which `make test-browser` provides.

mod about;
mod access;
mod bad_input;
mod browser;
mod check;
mod deploy;
mod engines;
mod faults;
mod files_of_people;
mod hand;
mod journey;
mod methods;
mod offline;
mod page;
mod privacy;
mod projects;
mod promises;
mod site;
mod teach;
mod teach_faults;
mod teach_numbers;
mod tour;
mod trouble;
mod words;
