//! `infra`: plan and apply for Alibaba Cloud ECS.
#![allow(dead_code)]

mod address;
mod diagnostic;
mod env;
mod event;
mod schema;
mod state;
mod step;
mod value;

pub mod sim;
