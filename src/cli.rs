//! What was typed: the commands and flags, and their manual.
//!
//! Does not know what any of it does.

pub(crate) mod habits;
mod sim;
mod state;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use self::sim::{
    SimCommand, SimCoverageArgs, SimEnvArgs, SimReplayArgs, SimServeArgs, SimSnapshotArgs, SimSnapshotCommand,
};
pub(crate) use self::state::{ForgetStrayArgs, StateCommand};
use crate::address::Address;

/// How many API calls may be under way at once unless it is said.
pub(crate) const PARALLELISM: u16 = 20;

/// Plan and apply for Alibaba Cloud ECS
///
/// Servers and networks as TOML files: `infra plan` shows what would be done, step by step, and `infra apply` does
/// it. With --sim everything happens on a simulator inside this program, on this machine only.
#[derive(Debug, Parser)]
#[command(
    name = "infra",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  infra plan --sim        try it without an account\n  infra apply             create what infra.toml describes\n  infra destroy           delete it again"
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags that mean the same for every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Work in this folder instead of the current one
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    pub(crate) directory: Option<PathBuf>,
    /// The environment: env/NAME.toml sets its variables, and it has a state of its own
    #[arg(
        short = 'e',
        long = "env",
        value_name = "NAME",
        env = "INFRA_ENV",
        global = true
    )]
    pub(crate) environment: Option<String>,
    /// Set a variable
    #[arg(short = 'v', long = "var", value_name = "NAME=VALUE", value_parser = parse_variable, global = true)]
    pub(crate) variables: Vec<(String, String)>,
    /// Use the simulator inside this program; nothing leaves this machine
    #[arg(long, global = true)]
    pub(crate) sim: bool,
    /// Send nothing that changes anything, whatever else is asked for
    #[arg(long, env = "INFRA_READ_ONLY", value_parser = clap::builder::FalseyValueParser::new(), global = true)]
    pub(crate) read_only: bool,
    /// Let the configuration read files below this folder too, beside its own
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) allow_file: Vec<PathBuf>,
    /// Let the configuration use this variable as a password, although its name is one of credentials
    #[arg(long, value_name = "NAME", global = true)]
    pub(crate) allow_env: Vec<String>,
    /// When to use colour
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        global = true
    )]
    pub(crate) color: When,
    /// When places in files and ids are links
    #[arg(
        long,
        value_name = "WHEN",
        env = "INFRA_HYPERLINKS",
        hide_env_values = true,
        default_value = "auto",
        hide_default_value = true,
        global = true
    )]
    pub(crate) hyperlinks: When,
    /// Only results, questions, warnings and errors: no progress, and no hints
    #[arg(short = 'q', long, global = true)]
    pub(crate) quiet: bool,
    /// Results as JSON on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Write the JSON events of --json to a file, beside the normal screen
    #[arg(long, value_name = "FILE", conflicts_with = "json", global = true)]
    pub(crate) json_file: Option<PathBuf>,
    /// Never ask; what needs an answer is refused
    #[arg(long, env = "INFRA_NO_INPUT", value_parser = clap::builder::FalseyValueParser::new(), global = true)]
    pub(crate) no_input: bool,
    /// How many API calls may be under way at once
    #[arg(long, value_name = "N", default_value_t = PARALLELISM, value_parser = clap::value_parser!(u16).range(1..=500), global = true)]
    pub(crate) parallelism: u16,
    /// Show every API call
    #[arg(long, global = true)]
    pub(crate) verbose: bool,
    /// Write every API call to a file
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) log_file: Option<PathBuf>,
}

/// When the screen gets colours, or links: where it can show them, in any case, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Try it: no account, nothing outside one new folder
    Demo(DemoArgs),
    /// Write a first infra.toml
    Init(InitArgs),
    /// Check the files, without any network
    Validate(ValidateArgs),
    /// Show what apply would do
    Plan(PlanArgs),
    /// Do what plan shows, after asking
    Apply(ApplyArgs),
    /// Delete everything in this environment, after asking
    Destroy(ChangeArgs),
    /// Show a saved plan, the state, or one resource of it
    Show(ShowArgs),
    /// Print outputs
    Output(OutputArgs),
    /// What there is: addresses, ids, status, and what somebody changed
    Status,
    /// Only look for what somebody changed outside infra
    Drift(DriftArgs),
    /// Look into the state, or repair it
    #[command(subcommand)]
    State(StateCommand),
    /// Take over one resource that exists
    Import(ImportArgs),
    /// Say who holds the lock
    Unlock(UnlockArgs),
    /// Print the JSON Schema for editors, or the keys of one type
    Schema(SchemaArgs),
    /// The simulator as a server
    #[command(subcommand)]
    Sim(SimCommand),
    /// Say what the code of an error or a warning means, and the way out
    Explain(ExplainArgs),
    /// What is in what, and what needs what
    Graph(GraphArgs),
    /// Write the files as everybody writes them; comments and order stay
    Fmt(FmtArgs),
    /// Are keys, clock, region and rights as they should be?
    Doctor,
    /// Print what makes a shell complete commands, flags, addresses and environments
    Completions(CompletionsArgs),
    /// Write the manual as man pages
    Man(ManArgs),
    /// Print the version
    Version,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// How to print what is wrong
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: DiagnosticFormat,
    /// Correct what is sure: names that are spelt wrongly, the API's spelling, quotes; comments stay
    #[arg(long)]
    pub(crate) fix: bool,
    /// Show all mistakes, not only the first twenty
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiagnosticFormat {
    Text,
    Json,
    Github,
    /// For code hosts: one document
    Sarif,
}

/// From what on a plan fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Warning,
}

/// How much of a plan is shown.
#[derive(Debug, Args, Clone, Copy)]
pub(crate) struct DetailArgs {
    /// One line for each change
    #[arg(long, conflicts_with = "full")]
    pub(crate) compact: bool,
    /// Everything, unchanged attributes and long texts included
    #[arg(long)]
    pub(crate) full: bool,
}

/// Whether the cloud is asked beforehand.
#[derive(Debug, Args, Clone, Copy)]
pub(crate) struct PreflightArgs {
    /// Do not ask the cloud beforehand what it would refuse
    #[arg(long)]
    pub(crate) no_preflight: bool,
    /// Try the plan out before anything is asked: its very steps, on a twin in this program of what exists
    #[arg(long)]
    pub(crate) rehearse: bool,
}

/// What is done about data blocks.
#[derive(Debug, Args, Clone, Copy)]
pub(crate) struct DataArgs {
    /// Choose anew what data blocks have chosen: images, types, zones
    #[arg(long)]
    pub(crate) refresh_data: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) detail: DetailArgs,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) preflight: PreflightArgs,
    /// Save the plan, so that `apply FILE` does exactly this
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Exit with 2 when there are changes
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Exit with 1 when there are warnings
    #[arg(long, value_name = "LEVEL")]
    pub(crate) fail_on: Option<FailOn>,
    /// Plan to delete everything
    #[arg(long, conflicts_with_all = ["replace", "refresh_only"])]
    pub(crate) destroy: bool,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    #[command(flatten)]
    pub(crate) owner: OwnerArgs,
}

/// Which part of a plan is to be done.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Selection")]
pub(crate) struct SelectionArgs {
    /// Only this resource, or this block with all its copies, and what it waits for
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) target: Vec<Address>,
    /// Leave this out, with what waits for it
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) exclude: Vec<Address>,
    /// Make this anew although nothing forces it
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) replace: Vec<Address>,
    /// Only let the state learn what was changed outside; nothing is changed in the cloud
    #[arg(long, conflicts_with_all = ["target", "exclude", "replace"])]
    pub(crate) refresh_only: bool,
}

/// What a run may do about things of another stack.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct OwnerArgs {
    /// Make another stack beside the one of this project whose state is not here
    #[arg(long)]
    pub(crate) new_stack: bool,
    /// Take over what carries another stack's tags, and a state whose project or environment has a new name
    #[arg(long)]
    pub(crate) take_over: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// A plan that `plan -o` has saved: exactly that is done, or nothing; it asks nothing
    #[arg(value_name = "FILE", conflicts_with_all = ["no_preflight", "rehearse", "new_stack", "take_over", "target", "exclude", "replace", "refresh_only"])]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) change: ChangeArgs,
}

/// Flags of the commands that change something.
#[derive(Debug, Args)]
pub(crate) struct ChangeArgs {
    #[command(flatten)]
    pub(crate) detail: DetailArgs,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) approval: ApprovalArgs,
    #[command(flatten)]
    pub(crate) preflight: PreflightArgs,
    #[command(flatten)]
    pub(crate) selection: SelectionArgs,
    #[command(flatten)]
    pub(crate) owner: OwnerArgs,
}

/// Approval without a terminal.
#[derive(Debug, Args)]
pub(crate) struct ApprovalArgs {
    /// Do not ask; deletions and replacements need --allow-destroy as well
    #[arg(long, short = 'y', visible_alias = "yes")]
    pub(crate) auto_approve: bool,
    /// Allow deletions and replacements: all of them, or only of these addresses
    #[arg(long, value_name = "ADDRESS,...", num_args = 0..=1, require_equals = true, value_delimiter = ',', default_missing_value = "*")]
    pub(crate) allow_destroy: Option<Vec<String>>,
    /// Allow that known resources which are gone are made again or forgotten: all of them, or only these addresses
    #[arg(long, value_name = "ADDRESS,...", num_args = 0..=1, require_equals = true, value_delimiter = ',', default_missing_value = "*")]
    pub(crate) allow_vanished: Option<Vec<String>>,
    /// Allow orders whose amount is not known: all of them, or only of these addresses
    #[arg(long, value_name = "ADDRESS,...", num_args = 0..=1, require_equals = true, value_delimiter = ',', default_missing_value = "*")]
    pub(crate) allow_cost: Option<Vec<String>>,
}

/// What a comment on GitHub may have in characters, with room for what a workflow puts around it.
pub(crate) const MD_BUDGET: usize = 60_000;

/// In which form a saved plan is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    Text,
    /// The shape of Terraform's plan JSON 1.2
    Json,
    /// For a comment on a pull request
    Md,
    /// A page that needs nothing else
    Html,
}

#[derive(Debug, Args)]
pub(crate) struct DriftArgs {
    /// Exit with 2 when somebody changed something
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
}

#[derive(Debug, Args)]
pub(crate) struct GraphArgs {
    /// A saved plan: what it reaches; or an address: what is touched when that is made anew. Without it, what is in what
    #[arg(value_name = "WHAT")]
    pub(crate) what: Option<String>,
    /// In which language
    #[arg(long, value_name = "FORMAT", default_value = "tree")]
    pub(crate) format: GraphFormat,
}

/// The languages of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// Indented, for people
    Tree,
    /// For Mermaid
    Mermaid,
    /// For Graphviz
    Dot,
    /// A picture: boxes in boxes
    Svg,
    /// Nodes and edges as data
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct FmtArgs {
    /// Only say which files are written otherwise; exit with 1 if there are any
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// The new folder
    #[arg(value_name = "DIR", default_value = "infra-demo")]
    pub(crate) folder: PathBuf,
    /// Do not wait for Enter
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The folder; it is made if it is not there
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// The project's name; that of the folder unless it is said
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The region, e.g. cn-hangzhou
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// What to begin with
    #[arg(long, value_name = "WHAT")]
    pub(crate) template: Option<Template>,
    /// From where ssh may reach the servers, e.g. 203.0.113.7/32; nowhere unless it is said
    #[arg(long, value_name = "CIDR")]
    pub(crate) ssh_from: Option<String>,
    /// Write a workflow that checks and plans every pull request
    #[arg(long, value_name = "WHERE")]
    pub(crate) ci: Option<Ci>,
    /// Print infra.toml, and write nothing
    #[arg(long)]
    pub(crate) print: bool,
}

/// What a first file has in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Template {
    /// One server with a public address
    Server,
    /// Two web servers
    Web,
    /// No resources yet
    Empty,
}

/// Where a workflow runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Ci {
    Github,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    #[arg(value_name = "SHELL", required_unless_present = "values")]
    pub(crate) shell: Option<clap_complete::Shell>,
    /// Print what may stand behind a flag here, a line each, from files alone: the scripts ask for it
    #[arg(long, value_name = "WHAT", conflicts_with = "shell")]
    pub(crate) values: Option<Completed>,
}

/// What a shell may complete that only the project knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Completed {
    /// The resources of the files and of the state
    Addresses,
    /// The environments of the project
    Environments,
    /// The codes that explain takes
    Codes,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The folder that gets a page for each command; it is made if it is not there
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// A saved plan, or one resource of the state
    #[arg(value_name = "FILE|ADDRESS")]
    pub(crate) what: Option<String>,
    /// How to print a saved plan; --json is --format json
    #[arg(long, value_name = "FORMAT", default_value = "text", requires = "what")]
    pub(crate) format: PlanFormat,
    /// The most characters of --format md
    #[arg(long, value_name = "N", default_value_t = MD_BUDGET)]
    pub(crate) budget: usize,
    /// Print it at once, also where it is longer than the screen
    #[arg(long)]
    pub(crate) no_pager: bool,
    #[command(flatten)]
    pub(crate) detail: DetailArgs,
}

#[derive(Debug, Args)]
pub(crate) struct OutputArgs {
    /// Only this output
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The bare value, for scripts
    #[arg(short = 'r', long = "raw", requires = "name")]
    pub(crate) raw: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The address it gets; where the configuration has no block for it, one is written into infra.toml
    #[arg(value_name = "ADDRESS")]
    pub(crate) address: Address,
    /// The id of what exists
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Only print the block of what exists, and take nothing over
    #[arg(long, conflicts_with = "take_over")]
    pub(crate) print: bool,
    /// Take it over although it carries another stack's tags
    #[arg(long)]
    pub(crate) take_over: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UnlockArgs {
    /// The run that is shown as the holder
    #[arg(value_name = "ID")]
    pub(crate) id: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// The keys of one type, as text
    #[arg(value_name = "TYPE")]
    pub(crate) type_name: Option<String>,
    /// The strict schema, for tools
    #[arg(long, conflicts_with = "type_name")]
    pub(crate) strict: bool,
    /// The schema of `show FILE --format json`
    #[arg(long, conflicts_with_all = ["type_name", "strict"])]
    pub(crate) plan: bool,
    /// The schema of the lines of --json
    #[arg(long, conflicts_with_all = ["type_name", "strict", "plan"])]
    pub(crate) events: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Which code, or "language" for the page of the configuration language; without it all codes are listed
    #[arg(value_name = "CODE")]
    pub(crate) code: Option<String>,
    /// In which language
    #[arg(long, value_name = "LANG", default_value = "en")]
    pub(crate) lang: Language,
}

/// The languages of the stories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// English
    En,
    /// Chinese
    Zh,
}

fn parse_variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a variable is given as NAME=VALUE".to_owned()),
    }
}
