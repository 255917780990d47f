//! The Applet component: the modules that instances are made of (JCVM §6.5).

use cardwright_apdu::Aid;

use super::CapFault;
use super::component::Component;
use super::fields::Fields;

/// Length of the part of an AID that names its owner.
const RID: usize = 5;

/// Reads the AIDs of the modules of `package`.
pub(super) fn read(component: &Component, package: &Aid) -> Result<Vec<Aid>, CapFault> {
    let mut fields = Fields::of(component);
    let [count] = fields.take()?;
    let mut modules = Vec::with_capacity(count.into());
    for _ in 0..count {
        let module = fields.take_aid()?;
        let _install_method_offset: [u8; 2] = fields.take()?;
        if module.as_bytes()[..RID] != package.as_bytes()[..RID] {
            return Err(fields.fault("a module's AID begins otherwise than the package's"));
        }
        if modules.contains(&module) {
            return Err(fields.fault("two modules have one AID"));
        }
        modules.push(module);
    }
    fields.end()?;
    if modules.is_empty() { Err(fields.fault("it names no module")) } else { Ok(modules) }
}
