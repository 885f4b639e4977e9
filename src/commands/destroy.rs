//! Delete everything in this environment: an apply that wants nothing.

use super::apply::reach;
use super::decide::Goal;
use super::failure::{Exit, Failure};
use crate::cli::{ChangeArgs, Global};
use crate::env::Env;
use crate::ui::Ui;

/// Delete everything in this environment, after asking
pub(crate) async fn destroy(args: &ChangeArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    reach(Goal::Nothing, args, global, env, ui).await
}
