//! `infra state` and what stands below it.
//!
//! Does not know what any of it does.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::address::Address;

#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// List the resources
    List,
    /// Show one resource
    Show {
        /// Which one
        #[arg(value_name = "ADDRESS")]
        address: Address,
    },
    /// Give a resource another address
    Mv {
        /// The old address
        #[arg(value_name = "FROM")]
        from: Address,
        /// The new address
        #[arg(value_name = "TO")]
        to: Address,
    },
    /// Forget a resource; it goes on existing
    Rm {
        /// Which one
        #[arg(value_name = "ADDRESS")]
        address: Address,
    },
    /// Print the state as JSON
    Pull,
    /// Replace the state by a document that was pulled from it and edited
    Push {
        /// The document
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Go back to an earlier generation of the state
    Restore {
        /// Which generation; the newest sound one if not given
        #[arg(value_name = "SERIAL")]
        serial: Option<u64>,
        /// Only list the generations that are kept
        #[arg(long, conflicts_with = "serial")]
        list: bool,
    },
    /// Put a lost state together again from what exists; changes nothing in the cloud
    Rebuild {
        /// Which stack, where there are several: the value of its tag infra:stack
        #[arg(long, value_name = "L")]
        lineage: Option<String>,
    },
    /// Take infra's tags off something that the state does not know; it goes on existing
    ForgetStray(ForgetStrayArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ForgetStrayArgs {
    /// The id of what carries this stack's tags
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Do not ask
    #[arg(long, short = 'y', visible_alias = "yes")]
    pub(crate) auto_approve: bool,
}
