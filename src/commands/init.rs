//! A first infra.toml, after at most four questions; each has a flag, and nothing outside is asked unless
//! somebody wants to know the address of this machine.

use std::io;
use std::path::Path;

use super::failure::{Exit, Failure};
use super::own_address;
use super::typed::typed_in;
use crate::cli::{Ci, Global, InitArgs, Template};
use crate::config::editor_schema::{Audience, editor_schema};
use crate::diagnostic::{Advice, Diagnostic, codes};
use crate::env::{Env, put_file};
use crate::region::REGIONS;
use crate::state::keep_out_of_git;
use crate::types::Types;
use crate::ui::{Ui, ask};

const FILE: &str = "infra.toml";
const WORKFLOW: &str = ".github/workflows/infra.yml";
const REGION: &str = "cn-hangzhou";
/// The largest `.gitignore` that gets a line more, in bytes.
const GITIGNORE_BYTES_MAX: u64 = 1 << 20;

/// What the first file says.
struct Answers {
    name: String,
    region: String,
    template: Template,
    ssh_from: Option<String>,
}

/// Write a first infra.toml, the editor's schema, and a line in .gitignore
pub(crate) async fn init(args: &InitArgs, global: &Global, env: &Env, ui: &Ui) -> Result<Exit, Failure> {
    let base = global
        .directory
        .as_ref()
        .map_or_else(|| env.cwd.clone(), |folder| env.cwd.join(folder));
    let folder = args
        .folder
        .as_ref()
        .map_or_else(|| base.clone(), |folder| base.join(folder));

    // 1. Never over something.
    let new_files = [Some(FILE), args.ci.map(|Ci::Github| WORKFLOW)];
    for name in new_files.into_iter().flatten().filter(|_| !args.print) {
        if !matches!(env.fs.kind(&folder.join(name)), Ok(None)) {
            let there = Diagnostic::error(
                codes::THERE_ALREADY,
                format!("there is {name} in {} already", folder.display()),
            );
            return Err(Failure::error(there.help(
                Advice::from("only look at what it would be: ").run("init --print"),
            )));
        }
    }

    // 2. What it is to say.
    for (flag, given, fits) in [
        (
            "--name",
            &args.name,
            (|name| !name.is_empty() && plain(name) == name) as fn(&str) -> bool,
        ),
        ("--region", &args.region, |region| REGIONS.contains(&region)),
        ("--ssh-from", &args.ssh_from, |from| {
            from == "none" || is_cidr(from)
        }),
    ] {
        if let Some(given) = given.as_deref().filter(|given| !fits(given)) {
            let message = format!("{flag} cannot be \"{given}\"");
            return Err(Failure::error(Diagnostic::error(codes::USAGE, message)).with(Exit::Usage));
        }
    }
    let Some(answers) = answers(args, global, &folder, env, ui).await else {
        ui.talk("Nothing was written.");
        return Ok(Exit::NotApproved);
    };
    let text = text(&answers);
    if args.print {
        ui.raw(text.trim_end());
        return Ok(Exit::Success);
    }

    // 3. The files.
    let written = write(&folder, &text, args.ci, env).map_err(|error| {
        let message = format!("{} cannot be written: {error}", folder.display());
        Failure::error(Diagnostic::error(codes::NOT_WRITTEN, message))
    })?;
    let from_here = folder.strip_prefix(&env.cwd).unwrap_or(&folder);
    for name in written {
        ui.say(&format!("wrote {}", from_here.join(name).display()));
    }
    if folder != base {
        ui.set_typed(typed_in(&from_here.display().to_string(), false));
    }
    ui.talk("");
    ui.advise(
        &Advice::from("Try it:     ")
            .run("apply --sim")
            .then("   (a simulator on this machine)"),
    );
    ui.advise(&Advice::from("Check keys: ").run("doctor"));
    ui.advise(&Advice::from("For real:   ").run("plan"));
    Ok(Exit::Done)
}

/// The flags, and for those that were not given the answers; none if somebody does not want to go on.
async fn answers(args: &InitArgs, global: &Global, folder: &Path, env: &Env, ui: &Ui) -> Option<Answers> {
    let asks = ask::nobody(global.no_input || global.json || args.print, env).is_none();
    let of_folder = folder.file_name().map(|name| plain(&name.to_string_lossy()));
    let name = of_folder
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "infra".to_owned());
    let region = env
        .vars
        .get("ALIBABA_CLOUD_REGION_ID")
        .filter(|region| !region.is_empty());
    let region = region.cloned().unwrap_or_else(|| REGION.to_owned());
    let question = async |given: Option<String>, prompt: &str, preset: &str, fits: &dyn Fn(&str) -> bool| {
        if let Some(given) = given {
            return Some(given);
        }
        if !asks {
            return Some(preset.to_owned());
        }
        loop {
            let line = ask::line("", prompt, Some(preset), env, ui).await?;
            match line.trim() {
                "" => return Some(preset.to_owned()),
                answer if fits(answer) => return Some(answer.to_owned()),
                answer => ui.talk(&format!("\"{answer}\" cannot be it.")),
            }
        }
    };
    let name = question(args.name.clone(), "Name of the project", &name, &|answer| {
        plain(answer) == answer
    })
    .await?;
    let is_region = |answer: &str| REGIONS.contains(&answer);
    let region = question(args.region.clone(), "Region", &region, &is_region).await?;
    let given = args.template.map(|template| word(template).to_owned());
    let is_template = |answer: &str| template(answer).is_some();
    let what = question(given, "Begin with (server, web or empty)", "server", &is_template).await?;
    let template = template(&what)?;
    let ssh_from = if template == Template::Empty {
        None
    } else {
        let from = match (&args.ssh_from, asks) {
            (Some(given), _) => given.clone(),
            (None, false) => "none".to_owned(),
            (None, true) => ssh_from(env, ui).await?,
        };
        Some(from).filter(|from| from != "none")
    };
    Some(Answers {
        name,
        region,
        template,
        ssh_from,
    })
}

/// From where ssh may come, or `none`; none if somebody does not want to go on. Nobody outside is asked before somebody has
/// said so.
async fn ssh_from(env: &Env, ui: &Ui) -> Option<String> {
    ui.talk(&format!(
        "Type ask to ask {} which address is yours.",
        own_address::service(env)
    ));
    let mut preset = "none".to_owned();
    loop {
        let prompt = "From where may ssh reach it (e.g. 203.0.113.7/32)";
        let line = ask::line("", prompt, Some(&preset), env, ui).await?;
        match line.trim() {
            "" => return Some(preset),
            "ask" => match own_address::ask(env).await {
                Ok(address) => preset = format!("{address}/32"),
                Err(why) => ui.talk(&format!("No answer: {why}.")),
            },
            answer if answer == "none" || is_cidr(answer) => return Some(answer.to_owned()),
            answer => ui.talk(&format!("\"{answer}\" cannot be it.")),
        }
    }
}

fn word(template: Template) -> &'static str {
    match template {
        Template::Server => "server",
        Template::Web => "web",
        Template::Empty => "empty",
    }
}

fn template(word: &str) -> Option<Template> {
    [Template::Server, Template::Web, Template::Empty]
        .into_iter()
        .find(|template| self::word(*template) == word)
}

/// Without what a project's name may not have.
fn plain(name: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let name: String = name
        .chars()
        .map(|letter| if is_plain(letter) { letter } else { '-' })
        .collect();
    name.trim_matches('-').to_owned()
}

fn is_cidr(text: &str) -> bool {
    text.parse::<ipnet::Ipv4Net>().is_ok_and(|net| net == net.trunc())
}

/// A zone of the region; the names of newer regions have no second dash.
fn zone(region: &str) -> String {
    match region {
        "cn-hangzhou" | "cn-beijing" => format!("{region}-h"),
        "cn-shanghai" => format!("{region}-g"),
        _ if region.starts_with("cn-") && !region.ends_with(|last: char| last.is_ascii_digit()) => {
            format!("{region}-a")
        }
        _ => format!("{region}a"),
    }
}

fn text(answers: &Answers) -> String {
    let Answers {
        name,
        region,
        template,
        ssh_from,
    } = answers;
    let mut text = format!(
        "#:schema ./.infra/infra.schema.json\n# What there should be: plan shows the difference, apply makes it so.\n\
         [infra]\nname = \"{name}\"\nregion = \"{region}\"\n"
    );
    if *template == Template::Empty {
        return text;
    }
    let zone = zone(region);
    text.push_str(&format!(
        "\n[vpc.main]\nname = \"{name}\"\ncidr_block = \"10.0.0.0/16\"\n\
         \n[vswitch.main]\nvpc_id = \"${{vpc.main.id}}\"\nzone_id = \"{zone}\"\ncidr_block = \"10.0.1.0/24\"\n\
         \n[security_group.web]\nvpc_id = \"${{vpc.main.id}}\"\nname = \"{name}-web\"\ningress = [\n"
    ));
    if let Some(from) = ssh_from {
        text.push_str(&format!(
            "  {{ port_range = \"22\", source_cidr_ip = \"{from}\", description = \"ssh\" }},\n"
        ));
    }
    text.push_str("  { port_range = \"80\", source_cidr_ip = \"0.0.0.0/0\", description = \"http\" },\n]\n\n[instance.web]\n");
    let (copies, copy_name, output) = match template {
        Template::Web => (
            "count = 2\n",
            format!("{name}-web-${{count.index}}"),
            "web_ip = \"${instance.web[0].public_ip}\"\n",
        ),
        Template::Server | Template::Empty => (
            "",
            format!("{name}-web"),
            "web_ip = \"${instance.web.public_ip}\"\n",
        ),
    };
    text.push_str(&format!(
        "{copies}name = \"{copy_name}\"\ninstance_type = \"ecs.t6-c1m1.large\"\n\
         image_id = \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"\nvswitch_id = \"${{vswitch.main.id}}\"\n\
         security_group_ids = [\"${{security_group.web.id}}\"]\nsystem_disk = {{ category = \"cloud_essd\", size = 40 }}\n\
         internet_max_bandwidth_out = 5\n\n[output]\n{output}"
    ));
    text
}

/// Writes all files; the names of those that are new or have a line more.
fn write(folder: &Path, text: &str, ci: Option<Ci>, env: &Env) -> io::Result<Vec<&'static str>> {
    std::fs::create_dir_all(folder)?;
    let put = |name: &str, bytes: &str| put_file(folder, Path::new(name), bytes.as_bytes());
    let mut written = Vec::new();
    let schema = format!("{:#}\n", editor_schema(&Types::all(), Audience::Editor));
    put(".infra/infra.schema.json", &schema)?;
    keep_out_of_git(&*env.fs, &folder.join(".infra"))?;
    if add_to_gitignore(folder, env)? {
        written.push(".gitignore");
    }
    if ci.is_some() {
        put(WORKFLOW, include_str!("init/github.yml"))?;
        written.push(WORKFLOW);
    }
    // Last: with it there is a project.
    put(FILE, text)?;
    written.push(FILE);
    Ok(written)
}

/// Adds the folder of the state, unless it stands there already.
fn add_to_gitignore(folder: &Path, env: &Env) -> io::Result<bool> {
    let path = folder.join(".gitignore");
    let before = match env.fs.kind(&path)? {
        None => String::new(),
        // Neither followed nor waited for; writing it says why.
        Some(kind) if !kind.is_regular => String::new(),
        Some(_) => String::from_utf8_lossy(&env.fs.read(&path, GITIGNORE_BYTES_MAX)?).into_owned(),
    };
    let is_there = before
        .lines()
        .any(|line| matches!(line.trim(), ".infra" | ".infra/" | "/.infra" | "/.infra/"));
    if is_there {
        return Ok(false);
    }
    let gap = if before.is_empty() || before.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    put_file(
        folder,
        Path::new(".gitignore"),
        format!("{before}{gap}.infra/\n").as_bytes(),
    )?;
    Ok(true)
}
