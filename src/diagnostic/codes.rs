//! Every code of an error or a warning, with its story: what it means, what usually causes it, and the way out. A code
//! means one thing, its meaning never changes, and a number is never used again.
//!
//! Does not know when a code applies.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A code, e.g. `E0201`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Code(&'static str);

/// What there is to tell about a code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Story {
    pub(crate) code: Code,
    /// What is wrong, in a few words.
    pub(crate) title: &'static str,
    /// What that means and why it is so, in sentences.
    pub(crate) meaning: &'static str,
    /// What usually causes it.
    pub(crate) causes: &'static [&'static str],
    /// What to do.
    pub(crate) way_out: &'static [&'static str],
}

impl Code {
    /// Its number.
    pub(crate) fn number(self) -> &'static str {
        self.0
    }

    /// Whether it is one of warnings.
    pub(crate) fn is_warning(self) -> bool {
        self.0.starts_with('W')
    }

    /// The story of the code with this number, however it is written.
    pub(crate) fn find(number: &str) -> Option<&'static Story> {
        ALL.iter().find(|story| story.code.0.eq_ignore_ascii_case(number))
    }
}

#[cfg(test)]
impl PartialEq<&str> for Code {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Code, D::Error> {
        let number = String::deserialize(deserializer)?;
        let story = Code::find(&number);
        story
            .map(|story| story.code)
            .ok_or_else(|| de::Error::custom(format!("{number:?} is no code that infra has")))
    }
}

macro_rules! codes {
    ($($name:ident $number:literal $title:literal: $meaning:literal [$($cause:literal),+] [$($out:literal),+])*) => {
        // A title says "[infra]" and means the table.
        $(#[doc = $title] #[allow(rustdoc::broken_intra_doc_links)] pub(crate) const $name: Code = Code($number);)*

        /// All of them, by number, errors first.
        pub(crate) const ALL: &[Story] = &[$(Story {
            code: $name,
            title: $title,
            meaning: $meaning,
            causes: &[$($cause),+],
            way_out: &[$($out),+],
        }),*];
    };
}

codes! {
    // Files and the project as a whole.
    NO_PROJECT "E0101" "there is no configuration in this folder":
        "A configuration begins with infra.toml. It is looked for in the folder where infra was started and in those above it, as git and cargo do."
        ["infra was started in another folder", "the file has another name, such as main.toml"]
        ["go to the project's folder, or name it with -C DIR", "write infra.toml: [infra] with name and region is enough to begin"]
    UNREADABLE "E0102" "a file cannot be read":
        "The operating system refused, or it is not a text in UTF-8, or it is no regular file of the project. A link that leaves the project's folder is not followed, because a cloned repository is not trusted with other files of yours."
        ["the file belongs to somebody else", "an editor saved it in another encoding", "it is a symbolic link, a pipe or a device"]
        ["make it readable, or save it as UTF-8", "put a copy of the file into the folder", "--allow-file DIR lets a configuration read the files below DIR"]
    TOO_LARGE "E0103" "a file, a text or the whole configuration is too large":
        "A file has at most 4 MiB, a text 1 MiB, all files together 64 MiB. Larger ones are mistakes more often than not, and would take the memory of whoever reads them."
        ["data stands in the configuration", "the file is not a configuration at all"]
        ["move scripts to files of their own (user_data_file)", "split the configuration into several *.infra.toml or several projects"]
    REQUIRES "E0104" "the configuration asks for another version of infra":
        "[infra] requires names the versions that may read the configuration, so that an old program does not misread a newer file."
        ["infra on this machine is older, or newer, than the project expects", "requires is not written like \">=0.3\""]
        ["install a version that fits", "change requires after reading the changelog between the two"]
    ROOT_ONLY "E0105" "a table may stand in infra.toml only":
        "[infra] describes the project as a whole, so it stands in one place; the other files of the folder add resources."
        ["[infra] was copied into a *.infra.toml"]
        ["move what it sets into infra.toml"]
    NO_INFRA "E0106" "infra.toml has no [infra] table":
        "The project's name marks everything that is made for it, so nothing can be planned without it."
        ["the table was forgotten", "the file belongs to another tool"]
        ["write [infra] with name = \"shop\" and region = \"cn-hangzhou\" at the top"]
    TOO_MUCH "E0107" "the copies of the blocks come to more than infra can hold":
        "count, for_each and references multiply: a block with 10,000 copies of a long text is as large as all of them together. Beyond a limit the configuration is refused instead of filling the memory."
        ["count is far too large", "a long text stands in a block with many copies"]
        ["make fewer copies, or split the project", "refer to a file instead of repeating a text"]
    SYNTAX "E0111" "a file is not TOML":
        "The place that is marked breaks the grammar. What stands behind it may not be understood either, so mend the first mistake first."
        ["a text without quotes", "a quote, bracket or brace that is not closed", "a key without a value"]
        ["put texts into \"...\"; references are texts too", "an editor with TOML support shows it while you type"]

    // Tables and keys.
    UNKNOWN_KEY "E0201" "a key that does not exist":
        "Keys are checked instead of being ignored, because a misspelt key would leave out what you asked for."
        ["a slip of the finger", "the API's own spelling (VSwitchId) or that of another tool", "the key belongs into another table"]
        ["take the spelling that is suggested", "the schema command lists the keys of a type"]
    UNKNOWN_TYPE "E0202" "a resource type that does not exist":
        "A block is [type.name], and infra knows a fixed set of types."
        ["a slip of the finger", "the type is called otherwise here: a subnet is a vswitch, a server is an instance", "it comes with a later version"]
        ["take the type that is suggested", "the schema command lists all types"]
    WRONG_TYPE "E0203" "a value of the wrong type":
        "The key takes another kind of value: a number, a text, a list, a table, true or false."
        ["a number in quotes, or a text without", "one value where a list is wanted", "a reference to something of another kind"]
        ["write the kind of value that the message names"]
    MISSING_KEY "E0204" "a key that must be there is not":
        "Without it the resource cannot be made, or it would not be clear what is meant."
        ["the block is not finished", "the key is misspelt"]
        ["add the key; the message shows an example where there is one"]
    PAIR "E0205" "two keys that exclude each other":
        "Both say the same thing in different ways, or one makes no sense beside the other."
        ["a text and a file for it", "a key of subscriptions on a pay-as-you-go server"]
        ["keep one of the two"]
    TWICE "E0206" "a name that is defined twice":
        "TOML allows a key and a table once, and the blocks of all files of the folder share their names."
        ["a block was copied and not renamed", "the same block stands in two files"]
        ["rename one of them, or put them together"]
    BLOCK_FORM "E0207" "a table that is not of the form [type.name]":
        "A resource has a type and a name of its own; [type] alone or [[type.name]] says something else."
        ["the name was forgotten", "double brackets, which make a list"]
        ["write [instance.web]; for several alike use count or for_each"]
    COPIES "E0208" "count or for_each cannot be used like this":
        "How many copies a block has must be known when the files are read, and a block has one of the two at most."
        ["count and for_each in one block", "a count that needs something the cloud has not made yet", "a negative or very large count"]
        ["use a number, a list, a table or a variable"]
    NOT_YET "E0209" "part of the language, but not of this version":
        "The word is reserved so that files stay readable by later versions; this one does not do it yet."
        ["the file was written for a later version"]
        ["leave it out, or use a version that knows it", "the message names what does the same today, if there is anything"]
    NAME "E0210" "a name that cannot be used":
        "Names become parts of addresses, tags and file names, so they hold letters a to z, digits, '_' and '-' only."
        ["spaces, dots or letters of other alphabets in a name", "a name that is too long"]
        ["choose another; name = \"...\" inside the block may be anything that the API takes"]
    COMPUTED "E0211" "a key whose value the cloud makes":
        "Ids, addresses and times are results. They can be referred to, not set."
        ["a value was copied from the state or from the console"]
        ["take the key out", "to use the value elsewhere: ${type.name.key}"]

    // References.
    NO_SUCH_BLOCK "E0301" "a reference to a resource that does not exist":
        "What stands in ${...} must be a block of this configuration."
        ["a slip of the finger", "the block was renamed or removed", "the resource was made elsewhere, so that only its id is known"]
        ["take the name that is suggested", "for something made elsewhere write its id as a text"]
    WHOLE_BLOCK "E0302" "a reference that names a resource but no attribute":
        "A resource as a whole is no value; one of its attributes is."
        [".id was forgotten"]
        ["write ${type.name.id}"]
    WRONG_KIND "E0303" "an id of the wrong resource type":
        "The key wants the id of one type and got that of another. The API would refuse it later, after other things were made."
        ["a reference to the block beside the one that was meant"]
        ["refer to a resource of the type that the message names"]
    WHICH_COPY "E0304" "a reference that does not say which copy":
        "The block has count or for_each, so there are several, or none."
        ["the block got count after the reference was written"]
        ["name one: ${instance.web[0].id}", "or all of them as a list: ${instance.web[*].id}"]
    NO_SUCH_NAME "E0305" "a variable, local or key that does not exist":
        "What stands in ${...} was not declared."
        ["a slip of the finger", "[var.NAME] or the entry in [local] is missing"]
        ["take the name that is suggested, or declare it"]
    CYCLE "E0306" "things that need each other":
        "Each of them waits for another one of them, so none can be first. The path shows who needs whom."
        ["two resources refer to each other", "a local that is made of itself"]
        ["break the path at one place: write an id or a constant, or use a resource of its own for the connection"]
    MALFORMED_REFERENCE "E0307" "a ${...} that cannot be read":
        "Inside ${...} stand a name, dots, keys and [index]; there are no functions and no arithmetic."
        ["an expression of another tool", "a brace that is not closed"]
        ["move what must be calculated into a variable", "for a plain ${ write $${"]
    TOO_EARLY "E0308" "a value that must be known before anything is made":
        "How many copies there are, names of files and the project's own keys decide what is planned, so they cannot come from the cloud."
        ["count or for_each refers to a resource"]
        ["use a variable or a local"]
    SHELL "E0309" "a ${...} that looks like a shell variable":
        "In a text ${...} is a reference of infra. A script would be changed without a word if it were taken for a text."
        ["a shell script stands in user_data"]
        ["move the script to a file: user_data_file is sent as it is", "or write $${NAME}"]
    OUT_OF_PLACE "E0310" "a reference that means nothing here":
        "each and count exist inside blocks with copies, resources exist only behind the variables, and so on."
        ["count.index in a block without count", "a resource in [infra] or in a variable"]
        ["use what the message allows here"]
    NO_SUCH_ATTRIBUTE "E0311" "a reference to an attribute that does not exist":
        "The resource is there, the attribute is not."
        ["a slip of the finger", "the API's own spelling"]
        ["take the attribute that is suggested; the schema command lists all"]
    NO_SUCH_VARIABLE_SET "E0312" "a value for a variable that does not exist":
        "A value that nobody uses is a misspelt name more often than not."
        ["a slip of the finger behind -v", "the variable was renamed"]
        ["declare it with [var.NAME], or take the flag out"]
    SENSITIVE "E0313" "a secret where it would be shown or stored":
        "A sensitive variable may go only where it is neither printed nor written into the state."
        ["a sensitive variable in a name, a tag or the project's own keys"]
        ["for passwords use { env = \"NAME\" } or { file = \"PATH\" }", "take sensitive = true off if it is none"]
    DEPENDS_ON "E0314" "an entry of depends_on that names no resource":
        "depends_on lists addresses as texts: \"vpc.main\"."
        ["a slip of the finger", "an id or a reference in the place of an address"]
        ["name a block of this configuration"]
    NEVER_THERE "E0315" "a reference to a value that will not be there":
        "The attribute exists for the type, but not for this resource: a server without bandwidth has no public address. It is said before anything is made."
        ["the other block lacks the key that would bring the value about"]
        ["give the other block that key, or take the reference out"]

    NO_MATCH "E0316" "a data block that nothing matches":
        "A data block names something that exists and is not owned. What its keys say fits nothing that the account shows in this region, so nothing can be planned with it."
        ["a slip of the finger in a name or a pattern", "it is in another region or another account", "it is sold out, where stock was asked for"]
        ["look at what the message lists, and loosen or mend a key", "take out one key after the other until something matches"]
    SEVERAL_MATCH "E0317" "a data block that more than one thing matches":
        "A data block means exactly one thing, so that a plan does not depend on chance. More than one fits its keys."
        ["a pattern or a name that many have", "most_recent or sort_by is missing"]
        ["add a key that only one of them has", "most_recent = true takes the newest image, sort_by = \"price\" the cheapest type", "many = true gives all of them as a list"]

    // Values.
    NOT_ONE_OF "E0401" "a word that is not one of those allowed":
        "The key takes a fixed set of words, and the API would refuse any other."
        ["another spelling, or small letters for capitals", "a word of the console"]
        ["take one of the words that the message lists"]
    REGION "E0402" "a region that does not exist":
        "A region is written like cn-hangzhou or ap-southeast-1."
        ["the name of a city alone", "a zone in the place of its region"]
        ["take the region that is suggested"]
    ZONE "E0403" "a zone that is not in the region":
        "A zone belongs to one region, and everything of a project is made in one."
        ["the region was changed and the zones were not", "a slip of the finger"]
        ["take a zone of the region, such as cn-hangzhou-h"]
    INSTANCE_TYPE "E0404" "a text that is no instance type":
        "The types of Alibaba Cloud begin with \"ecs.\", a family and a size, such as ecs.g7.large. Other clouds name theirs differently."
        ["a type of another cloud", "\"ecs.\" was left out"]
        ["take the type that is offered, or let [data.instance_type.NAME] choose one"]
    CIDR "E0405" "a network that is not right":
        "A network is an address and a length, such as 10.0.0.0/16, whose other bits are zero; that of a vswitch lies inside that of its VPC and beside the others."
        ["the length is missing", "an address inside the network was written instead of its first", "two vswitches overlap"]
        ["take the correction that is offered"]
    TWO_ZONES "E0406" "things in two zones that must stand in one":
        "A disk is attached to a server of its own zone, and a server stands in the zone of its vswitch."
        ["the zone of one of them was changed", "a copied block"]
        ["give both the same zone_id, by a variable or a local", "leave zone_id out where the vswitch says it"]
    OUT_OF_RANGE "E0407" "a number out of range":
        "The API takes numbers between two limits here."
        ["another unit than the API's", "a digit too many"]
        ["choose a number between the limits that the message names"]
    TAGS "E0408" "a tag that cannot be set":
        "Four of the cloud's twenty tags belong to infra, and some beginnings belong to the vendor."
        ["more than sixteen tags", "a key that begins with acs:, aliyun or infra:", "a key or a value that is too long"]
        ["rename or take out the tag"]
    FILE_PATH "E0409" "a file that a key names and that cannot be used":
        "Files that a configuration names are regular files below its folder, reached through no symbolic link: a cloned repository must not read other files of yours and send them somewhere."
        ["the path leaves the folder", "the file does not exist", "it is a link, a pipe, a device or a folder"]
        ["put the file into the folder", "--allow-file DIR lets the configuration read the files below DIR"]
    FORM "E0410" "a text that does not have the form of its key":
        "The API takes only texts of a certain length and with certain characters here, and would refuse any other."
        ["a character that is not allowed", "it is too long, too short or empty", "a value of another kind"]
        ["write it as the message says; a key that is not wanted is left out instead of empty"]
    SECRET_IN_FILE "E0411" "a secret that is written in the configuration":
        "Files are committed and shared; a password in one of them is known to everybody who ever gets a copy."
        ["a password was typed directly"]
        ["password = { env = \"NAME\" } or { file = \"PATH\" }", "change the password if the file has been shared"]
    NO_NETWORK "E0412" "an instance without a network":
        "New instances live in a vswitch of a VPC. The classic network exists for old accounts only, and must be asked for."
        ["vswitch_id was forgotten"]
        ["vswitch_id = \"${vswitch.NAME.id}\""]
    CREDENTIAL "E0413" "a variable with credentials as the source of a password":
        "A password is sent to the cloud and set on a machine. A repository that names the variable of a key or of a token would carry it away like that."
        ["the variable has a name like those of credentials", "the repository is hostile"]
        ["use a variable of another name", "--allow-env NAME, if it really holds a password; credentials of the cloud cannot be opened"]
    ENDPOINT "E0414" "an endpoint that a file may not name":
        "Requests are signed with your key. A file may send them only to hosts that infra itself would choose for a product and region; customers own other names below aliyuncs.com, and a listener on this machine could replay what it gets."
        ["a proxy or a simulator was written into the file"]
        ["set INFRA_ENDPOINT in the environment", "use --sim for the built-in simulator"]
    CONTESTED "E0415" "something that only one can have is given to two":
        "A fixed address or a name that must be unique is in two blocks; the cloud would give it to the first and refuse the second."
        ["a copied block", "count with a fixed value in the block"]
        ["give each its own, by for_each or ${count.index}", "leave the address out, and the cloud chooses one"]
    TWO_NETWORKS "E0416" "things in two VPCs that must stand in one":
        "A server, its groups, its interfaces and what leads to it stand in one VPC; the cloud joins nothing across two."
        ["a copied block of another network", "a group or a route table of another VPC"]
        ["name the vswitch, the group or the table of the same VPC", "make another group in the other VPC"]

    // Environments and variables.
    NO_ENVIRONMENT "E0501" "the environment is not chosen or does not exist":
        "Each file in env/ is an environment with a state of its own. Where there are any, one must be chosen: a silent default would change the wrong one."
        ["-e was forgotten", "a slip of the finger", "INFRA_ENV is left over from another project"]
        ["-e NAME, INFRA_ENV=NAME, or default_env in [infra]", "a new environment is a file env/NAME.toml, which may be empty"]
    ENVIRONMENT_FILE "E0502" "an environment file that sets more than variables":
        "env/NAME.toml gives values to variables that are declared in the configuration, nothing else."
        ["a slip of the finger", "a resource or [infra] in an environment file"]
        ["declare the variable, or move the block into a *.infra.toml"]
    NO_VALUE "E0503" "a variable without a value":
        "It has no default, and neither a flag, nor the environment, nor the environment's file gives one."
        ["another environment is chosen than was meant", "the variable is new"]
        ["-v NAME=VALUE, INFRA_VAR_NAME=VALUE, env/NAME.toml, or default"]
    VARIABLE_VALUE "E0504" "a value that does not fit its variable":
        "The declaration says which type or which values it may have."
        ["a list or a number that a shell has cut", "a value that is not among those allowed"]
        ["write lists and tables as TOML, in quotes for the shell: -v 'names=[\"a\", \"b\"]'"]

    // Approval and rules.
    NOBODY_TO_ASK "E0511" "an answer is needed and there is nobody to ask":
        "Changes are agreed to by a person at a terminal, or by a flag. In a pipe, in CI and with --no-input nobody can be asked."
        ["the command runs in CI", "standard input is not a terminal"]
        ["look at the plan first", "--auto-approve agrees without a question; losses need --allow-destroy as well"]
    NO_SECRET "E0512" "a secret that is needed and cannot be had":
        "The password is read when it is sent, from where the configuration says. What is not a password by the API's rule is not sent."
        ["the variable is not set here", "the file is missing", "it holds something else, or is too short"]
        ["set it and run again"]
    LOSS "E0520" "something would be deleted or replaced without leave":
        "--auto-approve agrees to changes that lose nothing. What is destroyed is named by you, or allowed as a whole."
        ["a block was removed or renamed", "an attribute was changed that cannot be changed in place"]
        ["read the plan: LOST says what goes", "--allow-destroy=ADDRESS,... allows exactly these"]
    PREVENTED "E0521" "a resource that may not be deleted or replaced":
        "lifecycle { prevent_destroy = true } holds until the file says otherwise, whatever flags are given; also for a block that was removed."
        ["the change needs a replacement", "the block was removed together with its protection"]
        ["keep the resource as it is", "set prevent_destroy = false, apply, and then go on"]
    VANISHED "E0522" "known resources are not there any more":
        "Making them again, or forgetting them, is decided by you: what cannot be seen may be there all the same, for another account, region or right."
        ["somebody deleted them", "the credentials belong to another account or may not see them", "another region"]
        ["look whether account, region and rights are right", "--allow-vanished[=ADDRESS,...] gives leave"]
    READ_ONLY "E0523" "a call that changes something, in a run that may only read":
        "With --read-only, or INFRA_READ_ONLY set, no call that changes anything leaves this machine, whatever was asked for. It is refused where calls are sent, below every command."
        ["the flag or the variable is set on purpose, for a reviewer or a pipeline"]
        ["run it where changes are allowed, without the flag and the variable"]
    POLICY "E0524" "a plan that breaks a rule of [policy]":
        "[policy] in the configuration says what no plan may do, whoever agrees to it and whatever flags are given. The message names the rule, and both places in the files."
        ["a resource is larger, more expensive or more open than the project allows", "more would be deleted at once than is allowed"]
        ["change what breaks the rule", "change the rule, in a commit of its own that others can see"]

    UNPRICED "E0525" "an order whose amount is not known":
        "A renewal, a subscription or another size of one is paid at once. Nobody agrees to an amount that is not told, so it is allowed by its address."
        ["the RAM user may not ask for prices", "a period or a kind of server for which no price is told", "--no-preflight"]
        ["look up the price in the console", "--allow-cost=ADDRESS,... allows exactly these"]
    WOULD_BE_REFUSED "E0530" "the cloud would refuse it":
        "A dry run, or a look at what the cloud offers, says that it cannot be made as it is written. It is left out with all that waits for it, and nothing is given up for it."
        ["an image or a type that does not exist there", "a zone that is sold out", "a quota or the balance of the account"]
        ["change what the message points at", "--no-preflight goes on without looking ahead"]
    OCCUPIED "E0531" "something depends on what is to be deleted":
        "The cloud deletes no network and no group in which something is left, no server to which a route leads, and no address at which a gateway takes packets in, and this plan does not remove that. So nothing that belongs to it is deleted either, and no server is stopped for it."
        ["somebody made a server, a gateway or a load balancer by hand in it", "somebody added a route that leads to it", "another project uses it"]
        ["delete it first if nobody needs it", "let its owner move it away"]
    MOVED "E0532" "the world moved since the plan was made":
        "Just before the first change everything that the plan touches is read once more. Something is not any more what the plan was made from, so nothing was changed."
        ["somebody else works on the same resources", "a server was stopped or deleted while the question was open"]
        ["run it again: the plan is then made from what is there now"]

    STALE_PLAN "E0533" "a saved plan that does not fit any more":
        "A saved plan is carried out exactly as it was reviewed, or not at all. Something that it was made from is not as it was: the state, a file, a variable, a secret, the account, the time that has passed, or something in the cloud. Nothing was changed."
        ["another plan was applied in between", "a file or a variable was changed after the plan was made", "somebody changed something by hand"]
        ["make a new plan, look at it, and apply that one"]
    PLAN_DAMAGED "E0534" "a file that is no plan, or not the one that was written":
        "A plan file begins with a checksum and is sealed with the key of its state, so that no bit of it can change unnoticed. This one is not as it was written, or it is something else."
        ["the file was cut or changed on its way", "another file was named"]
        ["take the file as it was written", "or make a new plan"]
    PLAN_UNSAVED "E0535" "a plan that cannot be saved":
        "A plan is written beside its place first and then renamed, and never over something that is no plan."
        ["the folder cannot be written to", "there is another file of this name"]
        ["take another name, by habit one that ends with .plan"]
    REHEARSAL "E0536" "a step that is refused when the plan is tried out":
        "--rehearse carries out the very steps on a twin in this program, loaded with what exists. There a step was refused, so the plan would stop part way. Nothing was changed anywhere."
        ["steps in an order that the cloud does not allow", "something is in a state in which it cannot be changed"]
        ["the message names the step and the place in the files", "if the twin is wrong, apply without --rehearse"]

    // Plans and applies.
    NOT_CHANGED "E0601" "a change that infra does not make":
        "The API cannot do it, or it moves money in a way that should be decided by hand."
        ["a smaller disk", "a key of a subscribed address was changed", "the resource was changed in the console"]
        ["write what is there into the file, or follow the help of the message"]
    ORDER "E0602" "changes that need each other":
        "Each of them must come after another one of them, for instance because a name is given from one to the other."
        ["names or addresses are exchanged between resources", "one resource is replaced and another one removed that needs it"]
        ["make one of the changes in an apply of its own"]
    DAMAGED "E0603" "an answer that cannot be right":
        "It is not the API's, or lacks what such an answer always holds. It is taken for no answer at all: never for a difference, never for \"there is nothing\"."
        ["a proxy or a captive portal in between", "an endpoint of something else", "a fault of the API"]
        ["check INFRA_ENDPOINT and the proxy", "run the same command again"]
    REFUSED "E0604" "the API refused a call":
        "The cloud understood the call and said no. The code and the request id are those of the API; support can look the id up."
        ["sold out, a quota, a missing right, a balance that is too low", "a value that only the cloud can check"]
        ["the message and its help say what to change; what was done stays done, and the next run goes on from there"]
    NOT_REACHED "E0605" "a status that was not reached in time":
        "Something was started and did not become what was waited for. It may still do so."
        ["the cloud is slow today", "the server does not boot"]
        ["run the same command again: it looks first and goes on from what it finds"]
    ADOPTED "E0606" "something was found that an earlier run had made":
        "An answer had been lost, and the search for what the call did has found it. It is in the state now."
        ["the connection broke in the middle of a call"]
        ["run the same command again; nothing is made twice"]
    NOT_AS_PLANNED "E0607" "something is not as it was when the plan was made":
        "It vanished, or an interrupted call of an earlier run turned out to have done it. The plan would not fit any more, so this part of it was not carried out."
        ["somebody works on the same resources", "a call of an interrupted run took effect late"]
        ["plan again to see what is there now"]
    INPUT_MISSING "E0608" "a value that a step needs was not made":
        "The step wants an attribute that the step before should have given, and the cloud's answer does not hold it."
        ["a resource is there only in part", "the answer of the API lacks a field"]
        ["run the same command again; it goes on from what it finds"]
    IN_USE "E0610" "things are in it that this plan does not remove":
        "The delete was refused because of something that came, or was not seen, in the meantime."
        ["somebody made something in it while this ran"]
        ["delete what the message names if nobody needs it, and run the same command again"]
    NOT_SIDE_BY_SIDE "E0611" "two that cannot exist at once":
        "create_before_destroy makes the new one before the old one goes, so for a moment there are two. Some things only one of them can have: an address, a network, a name, a place in something that is deleted first. It is left out with all that waits for it; nothing is given up for it."
        ["a fixed private_ip or a cidr_block stays the same", "what it needs is deleted before it is made anew"]
        ["give the new one another address or name", "leave create_before_destroy out, or set it on what is needed as well"]
    BUG "E0699" "a mistake in infra":
        "A check that should never fail has failed, so nothing more was done."
        ["a combination that nobody has tried"]
        ["please report it with the configuration and the command"]

    // Credentials and the connection.
    NO_CREDENTIALS "E0701" "no credentials were found":
        "Calls are signed with an access key. It is looked for in the environment, in the profile that [infra] names, in ~/.aliyun/config.json and where the message says."
        ["the variables are not exported", "aliyun configure was never run"]
        ["export ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET", "--sim needs none"]
    BAD_CREDENTIALS "E0702" "credentials that cannot be used":
        "A place was found where credentials should be, and what stands there is not complete, cannot be read or could not be fetched."
        ["an id without a secret", "a file that is not JSON", "the address of temporary credentials does not answer"]
        ["mend what the message names"]
    NO_PROFILE "E0703" "a profile that does not exist":
        "[infra] profile or ALIBABA_CLOUD_PROFILE names a profile of ~/.aliyun/config.json."
        ["a slip of the finger", "the profile exists on another machine"]
        ["take one of the profiles that the message lists, or make it with aliyun configure"]
    NO_REGION "E0704" "no region is given":
        "Everything is made in one region, and there is no default: a wrong one would cost money."
        ["[infra] has no region"]
        ["region = \"cn-hangzhou\" in [infra], or ALIBABA_CLOUD_REGION_ID"]
    BAD_REGION "E0705" "a region that cannot be part of a host name":
        "The region becomes part of the address that is called, so it holds letters, digits and '-' only."
        ["a slip of the finger in ALIBABA_CLOUD_REGION_ID"]
        ["a region is written like cn-beijing or ap-southeast-1"]
    BAD_ENDPOINT "E0706" "an address that is not used":
        "An endpoint is https://HOST or https://HOST:PORT. Plain http is for addresses of this machine only, because keys would leave it in clear text."
        ["a path, a user name or a misspelt scheme in INFRA_ENDPOINT"]
        ["mend the variable that the message names"]
    KEY_REFUSED "E0711" "the cloud does not accept the credentials":
        "The key is unknown, disabled or expired, or the secret does not fit."
        ["a temporary token ran out", "the key was deleted", "the clock of this machine is far off"]
        ["fetch new credentials, or choose another profile"]
    UNREACHABLE "E0712" "the API cannot be reached":
        "No request arrived; nothing was changed by this call."
        ["no network, or a proxy that is not set", "the name of the endpoint does not resolve"]
        ["check the connection and run the same command again"]
    THROTTLED "E0714" "the API kept asking to slow down":
        "Calls were repeated for as long as is sensible. Nothing is lost."
        ["other programs use the same account", "--parallelism is large"]
        ["try again later, or with a smaller --parallelism"]
    NO_CLEAR_ANSWER "E0715" "a call of which it is not known what it did":
        "The request may have arrived and its answer did not. The intent is in the journal, and the next run looks for what it did before it sends anything."
        ["the connection broke", "the API had an error of its own"]
        ["run the same command again; nothing is made twice"]
    ACCOUNT_UNKNOWN "E0716" "it cannot be confirmed which account this is":
        "The state belongs to an account, and changing another one would make everything a second time. The cloud did not say whose key this is, so nothing is changed."
        ["the address of STS cannot be reached", "a proxy lets only some hosts through"]
        ["make the address that the message names reachable", "commands that only read go on"]

    // The state.
    STATE_DAMAGED "E0801" "the state file is damaged":
        "Its checksum does not fit its content, so somebody or something changed it after it was written. It is left alone."
        ["it was edited by hand", "a disk or a synchronising program damaged it"]
        ["state restore brings back the newest whole backup; the damaged file is kept beside it"]
    STATE_EMPTY "E0802" "the state file is empty":
        "A state is never written empty."
        ["a full disk or a crash of the machine", "a redirection over the file"]
        ["state restore brings back the newest whole backup"]
    STATE_MISSING "E0803" "the state file is missing although there was one":
        "Backups or a journal are there, so resources exist that only the state knew. Going on without it would make them a second time."
        ["the file was deleted or not copied along"]
        ["state restore brings back the newest whole backup", "if everything is gone for good, remove the rest too"]
    NOT_A_STATE "E0804" "a file that is not a state of infra":
        "It stands where the state should be."
        ["a file of another tool", "an output was redirected over it"]
        ["move it away, or use state restore if it replaced your state"]
    STATE_NEWER "E0805" "a state that a newer version wrote":
        "This version would lose what it does not know of it."
        ["a colleague or CI uses a newer infra"]
        ["update infra", "or go back to a backup from before with state restore SERIAL"]
    STATE_UNSAFE "E0806" "a file of the state that others can change, or that is somewhere else":
        "The state decides what is deleted, so nobody else may write it, and links are not followed: one in a cloned repository could lead to another project's state."
        ["permissions were lost in a copy", "the file or its folder is a symbolic link"]
        ["chmod 600 for the file, or put the file itself there"]
    JOURNAL_DAMAGED "E0807" "the journal is damaged":
        "A line was changed after it had been written. It is left alone, because it may tell of calls whose results are nowhere else."
        ["it was edited by hand", "a disk damaged it"]
        ["state restore keeps what can be read and puts the rest aside"]
    JOURNAL_FOREIGN "E0808" "a journal that does not continue this state":
        "Journal and state file were written by different runs."
        ["one of the two was copied from elsewhere", "a backup was copied over the state by hand"]
        ["state restore brings back the state that the journal continues, if it is among the backups"]
    LOCKED "E0809" "the state is locked by somebody else":
        "Two runs at once would undo each other's work. A lock ends with the process that holds it, whatever the reason."
        ["another apply is at work", "a suspended process still holds it"]
        ["wait for it, or end that process", "unlock says who holds it"]
    NO_LOCKS "E0810" "a file system without locks":
        "Without a lock two runs could write the state at once."
        ["the project is on a network mount without locks"]
        ["keep the folder on a local disk"]
    STATE_IO "E0811" "a file of the state cannot be read or written":
        "The operating system refused. Nothing more is begun when the journal cannot be written."
        ["a full disk, or a read-only one", "the folder .infra belongs to somebody else"]
        ["make room or make the folder writable, and run the same command again"]
    JOURNAL_STOPPED "E0812" "the journal could not be written, so nothing more is begun":
        "An intent is on the disk before its call leaves the machine; where that cannot be, the run ends."
        ["the disk filled up in the middle of a run"]
        ["make the disk writable and run the same command again: it goes on from what is in the journal"]
    STATE_INCONSISTENT "E0814" "a change of the state that makes no sense":
        "Every change is checked by code that did not make it, and this one contradicts the state. Nothing was written."
        ["an answer of the cloud that gives a new object the id of one that is known", "a mistake in infra"]
        ["the same command looks again what is there and goes on", "if it comes again, please report it with the command"]
    TAKEN "E0815" "an address or an id that the state has already":
        "One address stands for one thing, and one thing has one address."
        ["it was imported before", "the address belongs to another resource"]
        ["choose another address, or move or remove the other one first"]
    NO_GENERATION "E0816" "there is no such backup":
        "The newest generations of the state are kept beside it, and the one that was asked for is not among them, or not whole."
        ["the serial is too old", "there never was a state"]
        ["state restore --list shows those that are kept"]
    PUSH_REFUSED "E0817" "a document that cannot replace the state":
        "It was not pulled from this state, or the state has changed since, or it contradicts itself."
        ["somebody applied in between", "it belongs to another project"]
        ["pull again, make the change again, and push"]
    STATE_NAME "E0818" "a name that cannot name a state":
        "The name of the environment becomes the name of a file."
        ["signs other than letters, digits, '_' and '-'"]
        ["rename the environment"]
    FOLDER_GONE "E0819" "the folder of the state disappeared while it was in use":
        "Nothing more was begun. What was done until then was written there again where that was possible."
        ["the folder was moved or deleted during a run", "git clean -fdx"]
        ["bring the old folder back if it has more generations", "plan, and compare"]
    UNDER_WAY "E0820" "a call of an interrupted run is open for this address":
        "What it made or changed will be written to the address, so the address may not change its meaning before that is settled."
        ["a run was killed in the middle of a call"]
        ["apply first: it finds out what became of the call; then do this again"]
    STATE_IN_USE "E0821" "a state that is there and knows resources":
        "Only a state that was lost is rebuilt."
        ["state rebuild in a project whose state is sound", "another environment is chosen than was meant"]
        ["there is nothing to rebuild; state list shows what is known"]
    STATE_ELSEWHERE "E0822" "resources of this project belong to a state that is not here":
        "They carry the project's tag and the lineage of another state. Making the stack again would double them, so nothing is made."
        ["the folder .infra was lost or not copied along", "another machine or CI made them", "another stack has the same name"]
        ["bring the state back from the machine that made them", "state rebuild puts it together from what exists", "--new-stack makes another stack beside it on purpose"]
    OTHER_PROJECT "E0823" "a state of another project or environment":
        "With it, what belongs to the one would be changed or deleted for the other."
        ["the state file was copied", "the project or the environment has a new name"]
        ["remove the copy: each environment has a state of its own", "--take-over, if only the name is new"]
    WHICH_STACK "E0824" "it is not clear from which stack to rebuild":
        "Nothing carries the tags that were looked for, or several stacks do."
        ["another region or account", "objects that were made before the tag existed"]
        ["state rebuild --lineage L, with the value of the tag infra:stack"]
    FOREIGN "E0825" "an object that belongs to another stack":
        "Its tags name another state. Two states that know one object change and delete it for each other."
        ["it was taken over by another project", "the id is that of a colleague's resource"]
        ["let that stack forget it first, or take it over with --take-over"]
    NOT_IN_STATE "E0843" "an address that the state does not have":
        "Commands of the state act on what is in it."
        ["a slip of the finger, or quotes that the shell took away", "another environment or cloud is chosen"]
        ["state list shows all of them"]
    OTHER_CLOUD "E0844" "a state that belongs to another cloud":
        "It knows the kind of cloud, the account and the region that its resources are in. With others everything would seem to be gone, and would be made again."
        ["credentials of another account", "the region was changed in the file", "INFRA_ENDPOINT is set, or is not"]
        ["use the credentials, the region and the endpoint of that state", "or another environment"]
    OTHER_TYPE "E0845" "a resource cannot change its type":
        "A move gives another name to the same thing."
        ["a slip of the finger"]
        ["keep the type in the new address"]
    TYPE_FORGOTTEN "E0846" "the state has a type that this version does not know":
        "It can neither be read nor deleted, so nothing is planned around it."
        ["the state was written by a newer version"]
        ["use the version of infra that made it"]
    NO_SUCH_OUTPUT "E0831" "an output that has not been applied":
        "Outputs are what the last apply has left; a new one has no value before the next."
        ["a slip of the finger", "the output is new", "another environment or cloud is chosen"]
        ["apply, then ask again"]
    NO_RAW_FORM "E0832" "an output without a raw form":
        "A list or a table is no single word for a shell."
        ["-r with a list"]
        ["ask for it with --json"]
    NO_BLOCK "E0841" "a resource that the configuration does not have":
        "A copy that is taken over needs its block first: the next plan would delete it again."
        ["count or for_each do not reach so far", "a slip of the finger"]
        ["give the block this copy; where there is no block at all, import writes one"]
    NO_SUCH_OBJECT "E0842" "there is nothing with this id":
        "The cloud knows none in this region, or does not show it to this user."
        ["another region", "a right is missing", "a slip of the finger"]
        ["check id, region and rights"]

    // The program and the machine.
    USAGE "E0901" "a flag or a variable with a value that cannot be used":
        "What was typed cannot mean anything here, so the command was not begun."
        ["a unit is missing or misspelt"]
        ["--help shows what a flag takes"]
    SIMULATOR "E0902" "the simulator cannot start":
        "It serves the API on this machine and needs its address and its folder for itself."
        ["another process serves the same folder, or listens on the same port"]
        ["end the other one, or choose another --listen or --data"]
    NO_SIDE_FILE "E0903" "a log or event file cannot be opened":
        "What was asked to be written could not be, so nothing was begun."
        ["the folder does not exist, or is not writable"]
        ["choose another path"]
    UNTOLD "E0904" "the result could not be written":
        "Standard output did not take it. If something had been changed, the exit code is 3, because a script that reads the result has none."
        ["the disk behind a redirection is full"]
        ["make room; output and show print the result again"]
    NO_RESOURCES "E0905" "the operating system gives no threads or files":
        "The process may open too few files or threads to begin."
        ["a low limit (ulimit -n, ulimit -u)"]
        ["raise the limit"]
    NO_SUCH_CODE "E0906" "a code that does not exist":
        "Codes are a letter and digits, as an error or a warning shows them."
        ["a slip of the finger", "a code of a newer version"]
        ["explain without a code lists all of them"]
    SIM_TOOL "E0907" "a simulator, or a file of one, that cannot be used":
        "A command of infra sim asks a simulator that runs, or reads or writes a file: a snapshot, a recording, a certificate. That was not possible, or the answers of a replay were others."
        ["no infra sim serve at the address", "a file that is not there, or is there already", "a simulator of another version"]
        ["the message names the address or the file", "--endpoint URL names another simulator"]

    NOT_WRITTEN "E0908" "a file that cannot be written":
        "A command whose result is a file could not write it. Nothing else was done."
        ["the folder belongs to somebody else", "a full disk, or a read-only one"]
        ["the message names the file and what the operating system says"]
    THERE_ALREADY "E0909" "a file that is there already":
        "init and demo write a first file, and never over one that somebody else has written."
        ["the folder has a project", "the demo was run before"]
        ["another folder: init DIR", "init --print shows the file and writes nothing"]
    NO_COMMAND "E0910" "a command that infra does not have":
        "Other tools have it, or it is a slip of the finger. What deletes or changes something is never guessed."
        ["a habit from another tool", "a slip of the finger"]
        ["the message names the command that does it, if there is one", "infra --help lists all of them"]

    // Warnings.
    NEWER_TOML "W001" "TOML 1.1 that older editors and parsers refuse":
        "A table in braces over several lines, or with a comma at its end, is new in TOML 1.1. infra reads it; others may not."
        ["a long table in braces was broken into lines"]
        ["put it on one line, or use a [table]"]
    INDEXED_BY_COUNT "W012" "a list indexed by count.index":
        "When an entry in the middle is removed, all later copies get the values of their neighbours, and are changed or replaced."
        ["count = the length of a list"]
        ["for_each over the list keeps each copy with its own entry"]
    OPEN_TO_WORLD "W031" "a rule that lets everybody in":
        "SSH, remote desktop or every port of the group's members can be reached from the whole internet. Machines are found and tried within minutes."
        ["the rule was copied from a tutorial", "the address of the office changes"]
        ["name the networks that need it", "reach the machines through one that is meant for it, or through the console's own terminal"]
    LIKE_A_KEY "W032" "a text that looks like a secret key":
        "An access key or a private key seems to be written in the file. Whoever can read the repository can use it. It is never shown."
        ["a key was pasted to try something"]
        ["take it out and revoke it: what was committed is known", "passwords are named: { env = \"NAME\" }; credentials come from the environment or a profile"]
    TWO_LENDERS "W033" "two that want to be the same address of one server":
        "A server has one public address; the second one that is bound to it would be refused."
        ["a copied block", "instance_id = \"${instance.web[0].id}\" in a block with copies"]
        ["bind each to a server of its own: ${instance.web[count.index].id}"]
    SCRIPT_ENDS "W034" "a script whose first line ends with a carriage return":
        "The file is sent byte for byte, and its first line, such as #!/bin/sh, ends with CR LF as Windows writes it. The system then looks for an interpreter whose name ends with CR and runs nothing."
        ["an editor on Windows", "git config core.autocrlf"]
        ["save the file with LF", "*.sh text eol=lf in .gitattributes"]
    NEW_REGION "W041" "a region that infra does not know":
        "It has the form of one, so it may be new; its addresses follow the usual pattern."
        ["a new or a special region", "a slip of the finger"]
        ["check the name; there is nothing to do if it is right"]
    NEW_TYPE "W042" "an instance type that infra does not know":
        "It has the form of one and is not in the vendor's tables as infra has them. It may be newer, or only some accounts may have it; the plan asks the account whether it is to be had in its zone."
        ["a slip of the finger", "a new family of types"]
        ["check the name; there is nothing to do if it is right", "[data.instance_type.NAME] chooses among those that there are"]
    DISK_NOT_TAKEN "W043" "a kind of disk that the type does not take":
        "By the vendor's tables as infra has them, servers of this family take other categories of disk. The cloud would refuse to make it."
        ["the category of an older or a newer family was copied", "the type was changed and the disk was not"]
        ["write one of the categories that the message names", "go on if the tables have changed: the plan asks the account"]
    NOT_CHECKED "W050" "something could not be checked beforehand":
        "A look ahead needs a right, an action or a value that was not there. The plan goes on; the cloud may still refuse."
        ["the RAM user may not make a dry run", "a value is known only during the run"]
        ["give the right that the message names, or go on"]
    PRICE_UNKNOWN "W051" "a limit on costs that could not be checked in full":
        "max_monthly_cost is set, and the price of something could not be had: its type has no list price that can be asked for, or the API did not answer. What is not known is never taken for nothing."
        ["the RAM user may not call DescribePrice", "a kind of resource whose price depends on what flows through it"]
        ["give the right, or look up the price yourself"]
    NOT_REHEARSED "W052" "something could not be tried out beforehand":
        "The twin of --rehearse can hold only what the simulator knows. What it cannot hold, or does not know, was not tried, which says nothing about the plan."
        ["a kind of resource that the simulator cannot load", "an image or an instance type that it does not know"]
        ["go on without it; the look ahead of plan holds all the same"]
    SIDE_FILE_ENDED "W091" "a log or event file cannot be written any more":
        "The run goes on without it; what follows is missing in the file."
        ["the disk is full"]
        ["make room; the state and the journal are not concerned"]
    STRAY "W801" "something carries this stack's tags and is not in the state":
        "A run that was interrupted, or somebody with the same tags, made it; it may cost money."
        ["it was removed from the state", "a run was killed in the middle of a call"]
        ["take it over with import, at its own address or another one", "let go of it with state forget-stray", "or delete it where it was made"]
    RENAMED "W802" "a block that may only have a new name":
        "One resource would be deleted and another made that is like it in everything. For infra an address is all that holds them together."
        ["the block got another name", "count became for_each with several keys"]
        ["state mv OLD NEW keeps the object under its new address", "go on if the two have nothing to do with each other"]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_code_means_one_thing_and_its_story_says_more_than_its_title() {
        let numbers: BTreeSet<&str> = ALL.iter().map(|story| story.code.number()).collect();
        let titles: BTreeSet<&str> = ALL.iter().map(|story| story.title).collect();
        assert_eq!(
            (numbers.len(), titles.len()),
            (ALL.len(), ALL.len()),
            "a code or a title stands there twice"
        );
        for story in ALL {
            let code = story.code;
            assert!(code.number().starts_with(['E', 'W']), "{code}");
            assert!(!story.title.ends_with('.'), "{code}");
            assert!(
                story.meaning.ends_with(['.', '"']) && story.meaning.len() > 30,
                "{code}: {}",
                story.meaning
            );
            assert!(!story.meaning.starts_with(story.title), "{code}");
            assert_eq!(Code::find(&code.number().to_lowercase()), Some(story));
        }
        assert_eq!(Code::find("E9999"), None);
    }
}
