//! `infra`: plan and apply for Alibaba Cloud ECS.
#![allow(dead_code)]

mod address;
mod config;
mod diagnostic;
mod env;
mod event;
mod schema;
mod step;
mod ui;
mod value;

pub mod sim;
