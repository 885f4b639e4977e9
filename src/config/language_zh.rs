//! The sentences of the page of the language in Chinese, by the English ones, which stand in the tables of the types.
//!
//! Does not know where a sentence stands.

/// The sentence in Chinese, if it is known.
pub(super) fn sentence(english: &str) -> Option<&'static str> {
    SENTENCES
        .iter()
        .find(|(known, _)| *known == english)
        .map(|(_, chinese)| *chinese)
}

/// What no table says.
pub(super) const BEGIN: &str = "\
# infra 的语言

infra.toml 是根文件；它旁边的每个 *.infra.toml 都可以添加块。文件是 TOML 1.0。env/NAME.toml 给变量赋值，同时构成一个有自己
状态的环境；-v NAME=VALUE 和 INFRA_VAR_NAME 各给一个值。

一个资源是一个块 `[TYPE.NAME]`；它的地址 `TYPE.NAME` 在任何地方都是它的名字。键是 API 参数的蛇形写法，值就是 API 的值。
没有写的键不受管理。每个键的修改方式：原地修改，或者重建资源。

## 引用

任何文本里都可以有引用。如果整个文本就是一个引用，它的类型就是所引用的值的类型。没有函数，也没有运算。

| 写法 | 含义 |
|---|---|
| `${TYPE.NAME.KEY}` | 某个资源的属性：`${vpc.main.id}` |
| `${TYPE.NAME[0].KEY}`、`${TYPE.NAME[KEY].KEY}` | 由 count 或 for_each 产生的某一个副本的属性 |
| `${TYPE.NAME[*].KEY}` | 所有副本的属性，是一个列表 |
| `${data.KIND.NAME.KEY}` | 只读取、不归我们管理的东西 |
| `${var.NAME}`、`${local.NAME}` | 变量、局部值 |
| `${count.index}`、`${each.key}`、`${each.value}` | 在有 count 或 for_each 的块里，副本自己的值 |
| `${infra.name}`、`${infra.env}`、`${infra.region}` | 项目的值 |
| `$${` | 两个字符 `${` 本身 |

密码等机密只写出处，不写内容：`{ env = \"NAME\" }` 或 `{ file = \"PATH\" }`。
";

const SENTENCES: &[(&str, &str)] = &[
    // 表。
    (
        "What is read and not owned, for use as ${data.KIND.NAME.id}.",
        "只读取、不归我们管理的东西，用法：${data.KIND.NAME.id}。",
    ),
    (
        "What blocks have unless they say otherwise: tags, and keys by type; in infra.toml only.",
        "块里没有另写时的默认值：标签，以及按类型给出的键；只能写在 infra.toml 里。",
    ),
    (
        "What exists is to be this resource.",
        "把已经存在的东西接管为这个资源。",
    ),
    ("The id of what exists.", "已经存在的东西的 id。"),
    ("The resource.", "资源的地址。"),
    (
        "The project; in infra.toml only.",
        "项目；只能写在 infra.toml 里。",
    ),
    (
        "The environment that is used when none is chosen.",
        "没有选择环境时使用的环境。",
    ),
    (
        "One base URL for every product; on this machine or under aliyuncs.com.",
        "所有产品共用的基础 URL；在本机上，或者在 aliyuncs.com 之下。",
    ),
    (
        "The project's name, e.g. \"shop\"; it marks everything that is made.",
        "项目名，例如 \"shop\"；所有创建的东西都带着它。",
    ),
    (
        "The profile of ~/.aliyun/config.json whose credentials are used.",
        "使用 ~/.aliyun/config.json 中哪个 profile 的凭证。",
    ),
    (
        "Where everything is made, e.g. \"cn-hangzhou\".",
        "所有东西创建在哪个地域，例如 \"cn-hangzhou\"。",
    ),
    (
        "The versions of infra that may be used, e.g. \">=0.3\".",
        "允许使用的 infra 版本，例如 \">=0.3\"。",
    ),
    (
        "Values with a name, for use as ${local.NAME}.",
        "有名字的值，用法：${local.NAME}。",
    ),
    (
        "What had one address has another now, and keeps its object.",
        "原来的地址换成了新的地址，云上的对象不变。",
    ),
    ("The address that it had.", "原来的地址。"),
    ("The address that it has.", "现在的地址。"),
    (
        "What is printed after an apply, and by infra output.",
        "apply 之后以及 infra output 打印的内容。",
    ),
    ("What it is good for.", "它的用途。"),
    ("Show it only when asked for by name.", "只有按名字查询时才显示。"),
    (
        "What is printed, e.g. \"${instance.web.public_ip}\".",
        "打印的内容，例如 \"${instance.web.public_ip}\"。",
    ),
    (
        "What no plan may do, whoever agrees to it.",
        "任何计划都不允许做的事，不管谁同意。",
    ),
    (
        "The accounts for which this may be used.",
        "允许在哪些账号中使用。",
    ),
    (
        "The instance types that may be used, e.g. [\"ecs.g7.*\"].",
        "允许使用的实例规格，例如 [\"ecs.g7.*\"]。",
    ),
    ("The regions that may be used.", "允许使用的地域。"),
    (
        "Ports that no rule may open to everybody, e.g. [22, \"8000-8100\"].",
        "任何规则都不允许对所有人开放的端口，例如 [22, \"8000-8100\"]。",
    ),
    (
        "How many things may be deleted or replaced at once.",
        "一次最多可以删除或替换多少个资源。",
    ),
    (
        "The most that everything may cost in a month of 730 hours.",
        "全部资源每月（730 小时）费用的上限。",
    ),
    ("Resources that may not be replaced.", "不允许替换的资源。"),
    (
        "Tags that everything must have that can have tags.",
        "凡是可以打标签的资源都必须有的标签。",
    ),
    ("What is not wanted any more.", "不再需要的资源。"),
    (
        "false: forget it, and let it go on existing.",
        "false：只是不再管理它，让它继续存在。",
    ),
    (
        "Values that come from outside: -v NAME=VALUE, INFRA_VAR_NAME, env/ENV.toml.",
        "从外部传入的值：-v NAME=VALUE、INFRA_VAR_NAME、env/ENV.toml。",
    ),
    ("The only values it may have.", "只允许取这些值。"),
    ("Its value when none is given.", "没有给出时的值。"),
    (
        "What it is for; shown when it has no value.",
        "变量的用途；没有值的时候会显示出来。",
    ),
    ("Never show its value.", "从不显示它的值。"),
    (
        "The type of its values; by default that of its default.",
        "值的类型；默认与 default 的类型相同。",
    ),
    // 每种资源都有的键。
    (
        "How many equal copies; ${count.index} counts from 0.",
        "相同的副本数量；${count.index} 从 0 开始。",
    ),
    (
        "What must be there first, e.g. [\"vpc.main\"]; references do that by themselves.",
        "必须先存在的资源，例如 [\"vpc.main\"]；有引用时不需要写。",
    ),
    (
        "A copy for each name of a list or key of a table: ${each.key}, ${each.value}.",
        "为列表的每个名字或表的每个键建一个副本：${each.key}、${each.value}。",
    ),
    ("How it may be changed.", "允许怎样修改它。"),
    (
        "When it is replaced, make the new one before the old one goes.",
        "替换时先建新的，再删旧的。",
    ),
    (
        "Attributes that are left as they are once it exists, e.g. [\"tags.owner\", \"image_id\"].",
        "创建之后不再改动的属性，例如 [\"tags.owner\", \"image_id\"]。",
    ),
    (
        "Refuse every plan that deletes or replaces it.",
        "拒绝任何会删除或替换它的计划。",
    ),
    (
        "What makes it anew when it changes: its own attributes, or other resources.",
        "哪些变化会导致重建：它自己的属性，或者别的资源。",
    ),
    // 云盘。
    (
        "A disk that can be attached to a server.",
        "可以挂载到服务器上的云盘。",
    ),
    (
        "The name shown in the console, 2 to 128 characters.",
        "控制台里显示的名称，2 到 128 个字符。",
    ),
    ("A note, 2 to 256 characters.", "描述，2 到 256 个字符。"),
    (
        "The kind of disk, e.g. \"cloud_essd\".",
        "云盘种类，例如 \"cloud_essd\"。",
    ),
    (
        "GiB; it can grow in place, and never shrinks.",
        "单位 GiB；可以原地扩容，不能缩小。",
    ),
    (
        "The performance level of a cloud_essd disk; PL1 if not given.",
        "cloud_essd 云盘的性能等级；没有写时是 PL1。",
    ),
    (
        "The zone, that of its server: \"cn-hangzhou-h\".",
        "可用区，与所挂载的服务器相同：\"cn-hangzhou-h\"。",
    ),
    ("The snapshot that it starts with.", "用哪个快照创建。"),
    ("Whether its data is encrypted.", "数据是否加密。"),
    ("The key that it is encrypted with.", "加密使用的密钥。"),
    (
        "The server that it is attached to: \"${instance.web.id}\".",
        "挂载到哪台服务器：\"${instance.web.id}\"。",
    ),
    (
        "Whether it is deleted together with its server; false if not given.",
        "是否随服务器一起删除；没有写时是 false。",
    ),
    (
        "Whether its automatic snapshots are deleted together with it.",
        "它的自动快照是否随它一起删除。",
    ),
    (
        "By which policy snapshots are made of it: \"${snapshot_policy.daily.id}\".",
        "按哪个策略给它建快照：\"${snapshot_policy.daily.id}\"。",
    ),
    (
        "Tags, up to 17: { team = \"web\" }.",
        "标签，最多 17 个：{ team = \"web\" }。",
    ),
    // 弹性公网 IP。
    ("An elastic IP address.", "弹性公网 IP。"),
    (
        "The name shown in the console, 1 to 128 characters.",
        "控制台里显示的名称，1 到 128 个字符。",
    ),
    ("Mbit/s; 5 if not given.", "单位 Mbit/s；没有写时是 5。"),
    (
        "How the bandwidth is paid for; PayByBandwidth if not given.",
        "带宽的计费方式；没有写时是 PayByBandwidth。",
    ),
    (
        "PostPaid (pay as you go) or PrePaid (subscription).",
        "PostPaid（按量付费）或 PrePaid（包年包月）。",
    ),
    ("How many months a subscription runs.", "包年包月的月数。"),
    (
        "The line: BGP, or BGP_PRO to the mainland; BGP if not given.",
        "线路：BGP，或者连接内地的 BGP_PRO；没有写时是 BGP。",
    ),
    (
        "What it is bound to: \"${instance.web.id}\", or the id of a network interface, NAT gateway or load balancer.",
        "绑定到什么：\"${instance.web.id}\"，或者弹性网卡、NAT 网关、负载均衡的 id。",
    ),
    // 服务器。
    ("A virtual server.", "云服务器。"),
    (
        "The size, e.g. \"ecs.g7.large\".",
        "规格，例如 \"ecs.g7.large\"。",
    ),
    (
        "What its disk starts with, e.g. \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"; another one is put in by a new system disk.",
        "系统盘用的镜像，例如 \"ubuntu_22_04_x64_20G_alibase_20240819.vhd\"；改成别的镜像会更换系统盘。",
    ),
    (
        "A family of images, whose newest one its disk starts with; instead of image_id.",
        "镜像族系，用其中最新的镜像；代替 image_id。",
    ),
    (
        "The zone; given by the vswitch if it has one.",
        "可用区；写了交换机时由交换机决定。",
    ),
    (
        "The subnet: \"${vswitch.main.id}\".",
        "所在的交换机：\"${vswitch.main.id}\"。",
    ),
    (
        "The address inside its network; chosen by the cloud if not given.",
        "专有网络内的地址；没有写时由云分配。",
    ),
    (
        "More addresses of its card, inside its subnet; all of them, when given.",
        "网卡的其他地址，在交换机的网段内；写了就是全部。",
    ),
    (
        "The IPv6 addresses of its card, inside its subnet; all of them, when given.",
        "网卡的 IPv6 地址，在交换机的网段内；写了就是全部。",
    ),
    (
        "How many IPv6 addresses its card has, chosen by the cloud out of those of its subnet; instead of ipv6_addresses.",
        "网卡有几个 IPv6 地址，由云从交换机的网段里选；代替 ipv6_addresses。",
    ),
    (
        "vpc, or classic for an old account's classic network.",
        "vpc；老账号的经典网络写 classic。",
    ),
    (
        "Its security groups, at least one: [\"${security_group.web.id}\"].",
        "所属的安全组，至少一个：[\"${security_group.web.id}\"]。",
    ),
    (
        "The name inside the system, 2 to 64 characters.",
        "操作系统里的主机名，2 到 64 个字符。",
    ),
    (
        "The key pair whose key may log in: \"${key_pair.office.name}\".",
        "允许用哪个密钥对登录：\"${key_pair.office.name}\"。",
    ),
    (
        "{ env = \"NAME\" } or { file = \"path\" }: 8 to 30 characters of at least three kinds.",
        "{ env = \"NAME\" } 或 { file = \"path\" }：8 到 30 个字符，至少包含三类字符。",
    ),
    (
        "What cloud-init runs at the first start, up to 32 KB; user_data_file = \"path\" sends a file as it is.",
        "cloud-init 第一次启动时执行的内容，最多 32 KB；user_data_file = \"path\" 原样发送一个文件。",
    ),
    (
        "The system disk: { category = \"cloud_essd\", size = 40 }.",
        "系统盘：{ category = \"cloud_essd\", size = 40 }。",
    ),
    (
        "GiB, 20 to 2048 and at least the image's size; it grows in place, and the file system inside then by you.",
        "单位 GiB，20 到 2048，且不小于镜像；可以原地扩容，里面的文件系统之后要自己扩。",
    ),
    (
        "The performance level of a cloud_essd disk.",
        "cloud_essd 云盘的性能等级。",
    ),
    (
        "The disk's name, 2 to 128 characters.",
        "云盘名称，2 到 128 个字符。",
    ),
    (
        "Whether its data is encrypted; a change is a new disk.",
        "数据是否加密；改动就是一块新盘。",
    ),
    (
        "Its data disks, known by their names; all of them, when given: [{ name = \"data\", size = 40 }].",
        "数据盘，以名称区分；写了就是全部：[{ name = \"data\", size = 40 }]。",
    ),
    (
        "The disk's name, 2 to 128 characters; no two of a server have the same.",
        "云盘名称，2 到 128 个字符；同一台服务器上不能重名。",
    ),
    (
        "GiB; it grows in place, and the file system inside then by you.",
        "单位 GiB；可以原地扩容，里面的文件系统之后要自己扩。",
    ),
    (
        "The key that it is encrypted with; a change is a new disk.",
        "加密使用的密钥；改动就是一块新盘。",
    ),
    (
        "The snapshot that it starts with; a change is a new disk.",
        "用哪个快照创建；改动就是一块新盘。",
    ),
    (
        "Whether it is deleted together with the server; true if not given.",
        "是否随服务器一起删除；没有写时是 true。",
    ),
    (
        "optimized or none; only old types have a choice.",
        "optimized 或 none；只有老规格可以选择。",
    ),
    (
        "Mbit/s to the internet; more than 0 gives it a public IP.",
        "公网出带宽，单位 Mbit/s；大于 0 时分配公网 IP。",
    ),
    ("How the bandwidth is paid for.", "带宽的计费方式。"),
    (
        "PostPaid (pay as you go) or PrePaid (subscription); a change is an order, and PrePaid is paid at once.",
        "PostPaid（按量付费）或 PrePaid（包年包月）；改动会产生订单，PrePaid 当场付费。",
    ),
    (
        "How long a subscription runs, in period_unit; another length is one renewal for so long, paid at once.",
        "包年包月的时长，单位见 period_unit；改成别的时长就是按该时长续费一次，当场付费。",
    ),
    (
        "Week or Month; Month if not given. Another one is one renewal.",
        "Week 或 Month；没有写时是 Month。改动就是续费一次。",
    ),
    ("Whether a subscription renews itself.", "包年包月是否自动续费。"),
    (
        "For how long a subscription renews itself, in period_unit; as long as period if not given.",
        "自动续费的时长，单位见 period_unit；没有写时与 period 相同。",
    ),
    (
        "The role by which programs on it may call the API; it is taken off where the key is taken out.",
        "服务器上的程序以哪个角色调用 API；删掉这个键就会解除。",
    ),
    (
        "The deployment set, whose servers stand on machines apart: \"ds-bp1...\".",
        "部署集，其中的服务器分布在不同的物理机上：\"ds-bp1...\"。",
    ),
    ("The resource group it belongs to.", "所属的资源组。"),
    (
        "Whether the vendor's security agent is put on; Active if not given.",
        "是否安装云安全中心的客户端；没有写时是 Active。",
    ),
    (
        "When it is deleted by itself, UTC: \"2027-01-31T04:00:00Z\"; half an hour from now at least.",
        "自动释放的时间，UTC：\"2027-01-31T04:00:00Z\"；至少在半小时之后。",
    ),
    (
        "What becomes of it while status = \"Stopped\": kept and paid for, or given back; as the account has it if not given.",
        "status = \"Stopped\" 期间怎样处理：保留并计费，或者释放；没有写时按账号的设置。",
    ),
    (
        "Whether it is a spot server, which the cloud may take back; NoSpot if not given.",
        "是否为抢占式实例（云可能收回）；没有写时是 NoSpot。",
    ),
    (
        "The most that is paid for an hour, in yuan, for SpotWithPriceLimit: \"0.25\".",
        "SpotWithPriceLimit 时每小时最多付多少元：\"0.25\"。",
    ),
    (
        "For how many hours a spot server is not taken back.",
        "抢占式实例在几小时内不会被收回。",
    ),
    (
        "How a burstable server may spend: Standard or Unlimited.",
        "突发性能实例的运行模式：Standard 或 Unlimited。",
    ),
    (
        "Its metadata service: { http_tokens = \"required\" }.",
        "元数据服务：{ http_tokens = \"required\" }。",
    ),
    (
        "Whether there is one; enabled if not given.",
        "是否开启；没有写时是 enabled。",
    ),
    (
        "Whether it asks for a token; optional if not given.",
        "是否要求令牌；没有写时是 optional。",
    ),
    ("How many hops an answer may take.", "响应最多经过几跳。"),
    (
        "Whether the API refuses to delete it.",
        "API 是否拒绝删除它（释放保护）。",
    ),
    (
        "Running or Stopped; Running if not given.",
        "Running 或 Stopped；没有写时是 Running。",
    ),
    (
        "Tags, up to 16: { team = \"web\" }.",
        "标签，最多 16 个：{ team = \"web\" }。",
    ),
    (
        "Tags of its disks, but for those with a block of their own; all of them, when given: { team = \"web\" }.",
        "它的云盘的标签，有自己的块的云盘除外；写了就是全部：{ team = \"web\" }。",
    ),
    // 密钥对、NAT 网关。
    (
        "A public key, under a name, for servers to log in with.",
        "有名字的公钥，用来登录服务器。",
    ),
    (
        "The name, 2 to 128 characters; servers name it.",
        "名称，2 到 128 个字符；服务器用名称引用它。",
    ),
    (
        "The public key, as in ~/.ssh/id_ed25519.pub; or public_key_body_file.",
        "公钥，如 ~/.ssh/id_ed25519.pub 的内容；或者用 public_key_body_file。",
    ),
    (
        "The way out for servers without an address of their own.",
        "没有自己公网地址的服务器访问公网的出口。",
    ),
    (
        "The VPC whose servers it lets out: \"${vpc.main.id}\".",
        "为哪个 VPC 的服务器提供出口：\"${vpc.main.id}\"。",
    ),
    (
        "The vSwitch in which it stands: \"${vswitch.main.id}\".",
        "所在的交换机：\"${vswitch.main.id}\"。",
    ),
    (
        "Who gets out with which address; all of them, when given.",
        "谁用哪个地址访问公网；写了就是全部。",
    ),
    ("Its name, 2 to 128 characters.", "名称，2 到 128 个字符。"),
    (
        "Whose packets it lets out: a network of the VPC.",
        "放行谁的数据包：VPC 内的一个网段。",
    ),
    (
        "Whose packets it lets out: a vSwitch of the VPC, \"${vswitch.private.id}\".",
        "放行谁的数据包：VPC 的一个交换机，\"${vswitch.private.id}\"。",
    ),
    (
        "The address that they get: \"${eip.nat.ip_address}\", of an address that is bound to the gateway; several with commas.",
        "使用的公网地址：\"${eip.nat.ip_address}\"，必须是绑定在该网关上的；多个用逗号分隔。",
    ),
    // 弹性网卡、路由。
    (
        "A second network card that can be attached to a server.",
        "可以挂载到服务器上的辅助弹性网卡。",
    ),
    (
        "Its address inside the subnet; chosen by the cloud if not given.",
        "交换机网段内的地址；没有写时由云分配。",
    ),
    (
        "Where the packets to one network go: a line of a route table.",
        "去往一个网段的数据包走哪里：路由表里的一条。",
    ),
    (
        "The table: \"${route_table.private.id}\", or a VPC's own: \"${vpc.main.route_table_id}\".",
        "路由表：\"${route_table.private.id}\"，或者 VPC 自带的：\"${vpc.main.route_table_id}\"。",
    ),
    (
        "The network that the packets are for, e.g. \"0.0.0.0/0\".",
        "目标网段，例如 \"0.0.0.0/0\"。",
    ),
    (
        "What they are handed to; Instance if not given.",
        "下一跳的种类；没有写时是 Instance。",
    ),
    (
        "Its id: \"${nat_gateway.main.id}\".",
        "下一跳的 id：\"${nat_gateway.main.id}\"。",
    ),
    ("A note, 1 to 256 characters.", "描述，1 到 256 个字符。"),
    (
        "Where the packets of some vSwitches of a VPC go.",
        "VPC 中某些交换机的数据包走哪里（路由表）。",
    ),
    (
        "The VPC it belongs to: \"${vpc.main.id}\".",
        "所属的 VPC：\"${vpc.main.id}\"。",
    ),
    (
        "The vSwitches that it serves; all of them, when given: [\"${vswitch.private.id}\"].",
        "绑定的交换机；写了就是全部：[\"${vswitch.private.id}\"]。",
    ),
    // 安全组。
    (
        "The firewall of the instances in it.",
        "其中服务器的防火墙（安全组）。",
    ),
    (
        "The VPC of its members; none for the classic network.",
        "成员所在的 VPC；经典网络不写。",
    ),
    (
        "normal (members reach each other) or enterprise.",
        "normal（成员之间互通）或 enterprise。",
    ),
    (
        "Whether members of a normal group reach each other: Accept, as if not given, or Drop.",
        "普通安全组的成员之间是否互通：Accept（没有写时）或 Drop。",
    ),
    (
        "Who may connect to its members; all of it, when given.",
        "谁可以访问成员；写了就是全部。",
    ),
    (
        "\"443\", \"8000-8100\", \"all\", or the API's form \"443/443\".",
        "\"443\"、\"8000-8100\"、\"all\"，或者 API 的写法 \"443/443\"。",
    ),
    ("The protocol; TCP if not given.", "协议；没有写时是 TCP。"),
    (
        "From which IPv4 network, e.g. \"203.0.113.0/24\".",
        "来自哪个 IPv4 网段，例如 \"203.0.113.0/24\"。",
    ),
    ("From which IPv6 network.", "来自哪个 IPv6 网段。"),
    ("From members of which security group.", "来自哪个安全组的成员。"),
    ("From which prefix list.", "来自哪个前缀列表。"),
    ("accept or drop.", "accept 或 drop。"),
    ("1 (first) to 100 (last).", "1（最先）到 100（最后）。"),
    ("A note, up to 512 characters.", "描述，最多 512 个字符。"),
    (
        "Where its members may connect to; all of it, when given.",
        "成员可以访问哪里；写了就是全部。",
    ),
    (
        "To which IPv4 network, e.g. \"0.0.0.0/0\".",
        "去往哪个 IPv4 网段，例如 \"0.0.0.0/0\"。",
    ),
    ("To which IPv6 network.", "去往哪个 IPv6 网段。"),
    ("To members of which security group.", "去往哪个安全组的成员。"),
    ("To which prefix list.", "去往哪个前缀列表。"),
    (
        "One rule of a security group, owned apart from it.",
        "安全组的一条规则，单独管理。",
    ),
    (
        "The group whose rule it is: \"${security_group.web.id}\".",
        "属于哪个安全组：\"${security_group.web.id}\"。",
    ),
    (
        "ingress (who may connect to members) or egress (where members may connect to); ingress if not given.",
        "ingress（谁可以访问成员）或 egress（成员可以访问哪里）；没有写时是 ingress。",
    ),
    (
        "accept or drop; accept if not given.",
        "accept 或 drop；没有写时是 accept。",
    ),
    (
        "1 (first) to 100 (last); 1 if not given.",
        "1（最先）到 100（最后）；没有写时是 1。",
    ),
    // 负载均衡。
    ("A classic load balancer.", "传统型负载均衡 CLB。"),
    (
        "The name shown in the console, 1 to 80 characters.",
        "控制台里显示的名称，1 到 80 个字符。",
    ),
    (
        "internet (a public address) or intranet (an address in a vSwitch).",
        "internet（公网地址）或 intranet（交换机内的地址）。",
    ),
    (
        "The size, e.g. \"slb.s1.small\".",
        "规格，例如 \"slb.s1.small\"。",
    ),
    (
        "How the bandwidth is paid for; paybytraffic if not given.",
        "带宽的计费方式；没有写时是 paybytraffic。",
    ),
    (
        "Mbit/s, where it is paid for by bandwidth.",
        "按带宽计费时的带宽，单位 Mbit/s。",
    ),
    (
        "The vSwitch in which it has its address: \"${vswitch.main.id}\".",
        "地址所在的交换机：\"${vswitch.main.id}\"。",
    ),
    (
        "On which ports it listens; all of them, when given.",
        "监听哪些端口；写了就是全部。",
    ),
    ("http, https, tcp or udp.", "http、https、tcp 或 udp。"),
    ("The port on which it listens.", "监听的端口。"),
    ("The port of the servers behind it.", "后端服务器的端口。"),
    (
        "Mbit/s at most; -1, as if not given, for no limit of its own.",
        "带宽上限，单位 Mbit/s；-1（没有写时）表示不单独限制。",
    ),
    (
        "How a server is chosen; wrr (by weight, in turn) if not given.",
        "怎样选择服务器；没有写时是 wrr（按权重轮询）。",
    ),
    (
        "Whether servers that do not answer are left out; on if not given.",
        "是否避开没有响应的服务器（健康检查）；没有写时是 on。",
    ),
    (
        "The certificate that an https listener shows: \"1269..._166f8204689_...\".",
        "https 监听使用的证书：\"1269..._166f8204689_...\"。",
    ),
    ("A note, 1 to 80 characters.", "描述，1 到 80 个字符。"),
    (
        "The servers behind it; all of them, when given.",
        "后端服务器；写了就是全部。",
    ),
    (
        "The server: \"${instance.web.id}\".",
        "服务器：\"${instance.web.id}\"。",
    ),
    (
        "How much of the work it gets, 0 to 100; 100 if not given.",
        "权重，0 到 100；没有写时是 100。",
    ),
    // 快照策略、VPC、交换机。
    (
        "When snapshots of a disk are made by themselves, and how long they are kept.",
        "什么时候自动给云盘建快照，保留多久。",
    ),
    (
        "The hours of the day (UTC+8) in which a snapshot is made: [1, 13].",
        "每天几点（UTC+8）建快照：[1, 13]。",
    ),
    (
        "The days of the week, 1 for Monday to 7 for Sunday: [1, 2, 3, 4, 5].",
        "每周哪几天，1 是周一，7 是周日：[1, 2, 3, 4, 5]。",
    ),
    (
        "How many days a snapshot is kept; -1 for ever.",
        "快照保留几天；-1 表示永久。",
    ),
    ("A private network of one region.", "一个地域里的专有网络。"),
    (
        "The IPv4 network, e.g. \"10.0.0.0/16\"; every vswitch lies inside it.",
        "IPv4 网段，例如 \"10.0.0.0/16\"；每个交换机都在它里面。",
    ),
    ("A note, up to 256 characters.", "描述，最多 256 个字符。"),
    ("A subnet of one VPC in one zone.", "VPC 在一个可用区里的交换机。"),
    (
        "The VPC that it divides: \"${vpc.main.id}\".",
        "属于哪个 VPC：\"${vpc.main.id}\"。",
    ),
    (
        "The zone, e.g. \"cn-hangzhou-h\".",
        "可用区，例如 \"cn-hangzhou-h\"。",
    ),
    (
        "The IPv4 network inside the VPC's, /16 to /29, e.g. \"10.0.1.0/24\".",
        "VPC 网段之内的 IPv4 网段，/16 到 /29，例如 \"10.0.1.0/24\"。",
    ),
    // 数据。
    ("The account that the credentials belong to.", "凭证所属的账号。"),
    ("A data disk that exists.", "已经存在的数据盘。"),
    ("Its id.", "它的 id。"),
    ("Its name, exactly.", "它的名称，完全一致。"),
    ("Tags that it carries, all of them.", "它带有的标签，要全部符合。"),
    ("The zone it is in.", "所在的可用区。"),
    ("The server it is attached to.", "挂载在哪台服务器上。"),
    (
        "true gives all that match as a list, which for_each and count can use.",
        "true 时把所有符合的作为列表给出，for_each 和 count 可以使用。",
    ),
    ("An elastic IP address that exists.", "已经存在的弹性公网 IP。"),
    ("The address itself.", "地址本身。"),
    (
        "An image that servers can be made from.",
        "可以用来创建服务器的镜像。",
    ),
    (
        "A pattern for its name, e.g. \"^ubuntu_22_04_x64\".",
        "名称的正则表达式，例如 \"^ubuntu_22_04_x64\"。",
    ),
    (
        "Whose it is: system, self, others or marketplace.",
        "谁的镜像：system、self、others 或 marketplace。",
    ),
    ("linux or windows.", "linux 或 windows。"),
    ("x86_64, arm64 or i386.", "x86_64、arm64 或 i386。"),
    (
        "Its image family, e.g. \"acs:ubuntu_22_04_x64\".",
        "所属的镜像族系，例如 \"acs:ubuntu_22_04_x64\"。",
    ),
    (
        "A type that it can run on, e.g. \"ecs.g7.large\".",
        "可以运行它的规格，例如 \"ecs.g7.large\"。",
    ),
    (
        "true takes the newest of those that match.",
        "true 时取符合的里面最新的。",
    ),
    ("A server that exists.", "已经存在的服务器。"),
    ("The vSwitch it stands in.", "所在的交换机。"),
    ("Its address inside the network.", "专有网络内的地址。"),
    ("Its address on the internet.", "公网地址。"),
    ("A type of server.", "实例规格。"),
    (
        "Its name, e.g. \"ecs.g7.large\".",
        "名称，例如 \"ecs.g7.large\"。",
    ),
    ("How many virtual CPUs it has.", "有几个虚拟 CPU。"),
    ("How much memory it has, in GiB.", "内存大小，单位 GiB。"),
    ("Its family, e.g. \"ecs.g7\".", "规格族，例如 \"ecs.g7\"。"),
    ("X86 or ARM.", "X86 或 ARM。"),
    (
        "The zone in which it is to be had, e.g. \"cn-hangzhou-h\".",
        "在哪个可用区有售，例如 \"cn-hangzhou-h\"。",
    ),
    (
        "true leaves out what is sold out; so does a zone.",
        "true 时排除售罄的；写了可用区也一样。",
    ),
    (
        "price takes the cheapest of those that match, size the one with the fewest CPUs and the least memory.",
        "price 取符合的里面最便宜的，size 取 CPU 最少、内存最小的。",
    ),
    ("A key pair that exists.", "已经存在的密钥对。"),
    ("The fingerprint of its key.", "密钥的指纹。"),
    (
        "A region; the project's own if nothing is asked for.",
        "一个地域；什么都不写时是项目自己的地域。",
    ),
    ("Its id, e.g. \"cn-hangzhou\".", "它的 id，例如 \"cn-hangzhou\"。"),
    ("A resource group of the account.", "账号的资源组。"),
    ("A security group that exists.", "已经存在的安全组。"),
    ("The VPC of its members.", "成员所在的 VPC。"),
    ("A VPC that exists.", "已经存在的 VPC。"),
    ("Its IPv4 network.", "它的 IPv4 网段。"),
    ("A vSwitch that exists.", "已经存在的交换机。"),
    ("The VPC it divides.", "属于哪个 VPC。"),
    ("A zone of the region.", "地域里的一个可用区。"),
    (
        "Its id, e.g. \"cn-hangzhou-h\".",
        "它的 id，例如 \"cn-hangzhou-h\"。",
    ),
    (
        "A type that is to be had there, e.g. \"ecs.g7.large\".",
        "那里有售的规格，例如 \"ecs.g7.large\"。",
    ),
    (
        "A kind of disk that is to be had there, e.g. \"cloud_essd\".",
        "那里有售的云盘种类，例如 \"cloud_essd\"。",
    ),
];
