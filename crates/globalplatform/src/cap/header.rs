//! The Header component: which format, which package (JCVM §6.3).

use cardwright_apdu::Aid;

use super::component::Component;
use super::fields::Fields;
use super::{CapFault, PackageVersion};

const MAGIC: [u8; 4] = [0xDE, 0xCA, 0xFF, 0xED];
/// The package has an Applet component.
const ACC_APPLET: u8 = 0x04;
/// ACC_INT, ACC_EXPORT and ACC_APPLET: all that the formats 2.1 and 2.2 define.
const KNOWN_FLAGS: u8 = 0x07;

/// What the header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) package: Aid,
    pub(super) version: PackageVersion,
    pub(super) package_name: Option<String>,
    pub(super) has_applets: bool,
}

/// Reads the header.
pub(super) fn read(component: &Component) -> Result<Header, CapFault> {
    let mut fields = Fields::of(component);
    if fields.take()? != MAGIC {
        return Err(fields.fault("the magic number is not DECAFFED"));
    }
    let [minor, major] = fields.take()?;
    if !matches!((major, minor), (2, 1 | 2)) {
        return Err(fields.fault("the format is neither 2.1 nor 2.2: convert the package for such a card"));
    }
    let [flags] = fields.take()?;
    if flags & !KNOWN_FLAGS != 0 {
        return Err(fields.fault("it has flags that the formats 2.1 and 2.2 do not define"));
    }
    let [minor, major] = fields.take()?;
    let package = fields.take_aid()?;
    let package_name = if fields.is_empty() { None } else { Some(name(&mut fields)?).filter(|name| !name.is_empty()) };
    fields.end()?;
    let has_applets = flags & ACC_APPLET != 0;
    Ok(Header { package, version: PackageVersion { major, minor }, package_name, has_applets })
}

/// The package's name, which format 2.1 does not have. It is shown to people, so nothing but words stands in it.
fn name(fields: &mut Fields<'_>) -> Result<String, CapFault> {
    let letter = |sign: char| sign.is_alphanumeric() || matches!(sign, '/' | '_' | '$');
    let name = std::str::from_utf8(fields.take_counted()?).ok().filter(|name| name.chars().all(letter));
    name.map(str::to_owned).ok_or(fields.fault("the package's name is not words with / between them"))
}
