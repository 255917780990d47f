//! The Directory component: how long each component is (JCVM §6.4). What it says must be what is there.

use super::CapFault;
use super::component::{Components, Kind};
use super::fields::Fields;

/// Compares the sizes of all loaded components with what is there: nothing was cut, exchanged or left out.
pub(super) fn check(components: &Components) -> Result<(), CapFault> {
    let directory = components.required(Kind::Directory)?;
    let mut fields = Fields::of(directory);
    for kind in Kind::ALL {
        let told = usize::from(u16::from_be_bytes(fields.take()?));
        // Format 2.1 ends its list before Debug; neither it nor Descriptor is loaded, so what stands there is not read.
        if !kind.is_loaded() {
            break;
        }
        match components.get(kind) {
            Some(component) if component.info().len() == told => {}
            None if told == 0 && kind.is_optional() => {}
            None => return Err(CapFault::Missing(kind.name())),
            Some(_) => return Err(kind.fault("its size is not the one that Directory.cap says")),
        }
    }
    Ok(())
}
