//! Which things a request is about: those that it names, and those that cannot be told from them. Does not know which
//! action it is.

use std::collections::BTreeSet;

use super::super::call::Call;
use super::disk_row::Disk;
use super::instance_row::Instance;
use super::vswitch::VSwitch;

/// The ids and names of all things that a request is about. A server stands for its disks, its image, its type and its
/// zone, a disk for its server and its key, a vSwitch for its zone.
pub(super) fn things(call: &Call<'_>) -> BTreeSet<String> {
    let mut named: BTreeSet<String> = BTreeSet::new();
    for (_, value) in call.params.iter() {
        let parts = value.split(|symbol: char| "[]\"', ".contains(symbol));
        named.extend(parts.filter(|part| !part.is_empty()).map(str::to_owned));
    }
    let mut all = named.clone();
    for id in &named {
        if let Some(vswitch) = call.world.get::<VSwitch>(id) {
            all.insert(vswitch.zone.clone());
            all.insert(vswitch.vpc_id.clone());
        }
        let server = match call.world.get::<Disk>(id) {
            Some(disk) => {
                all.insert(disk.kms_key_id.clone());
                disk.instance_id.as_str()
            }
            None => id.as_str(),
        };
        let Some(row) = call.world.get::<Instance>(server) else {
            continue;
        };
        for part in [&row.id, &row.image_id, &row.instance_type, &row.zone] {
            all.insert(part.clone());
        }
        // A disk that is named is spoken of alone.
        if server == id {
            for disk in call.world.linked::<Disk>("instance", server) {
                all.insert(disk.id.clone());
                all.insert(disk.kms_key_id.clone());
            }
        }
    }
    all.remove("");
    all
}
