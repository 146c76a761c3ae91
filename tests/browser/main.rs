//! The site in a real headless Chromium, as a visitor meets it. Needs `dist/` (`make site`), Chromium and ChromeDriver.

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
