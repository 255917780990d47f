//! The components of a CAP file: their tags, file names and load order (JCVM §6.1, §6.1.1, §6.2).

use std::collections::BTreeMap;

use super::CapFault;

/// The components, by ascending tag from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Header,
    Directory,
    Applet,
    Import,
    ConstantPool,
    Class,
    Method,
    StaticField,
    ReferenceLocation,
    Export,
    Descriptor,
    Debug,
}

impl Kind {
    /// By ascending tag.
    pub(super) const ALL: [Self; 12] = [
        Self::Header,
        Self::Directory,
        Self::Applet,
        Self::Import,
        Self::ConstantPool,
        Self::Class,
        Self::Method,
        Self::StaticField,
        Self::ReferenceLocation,
        Self::Export,
        Self::Descriptor,
        Self::Debug,
    ];

    /// What goes to a card, in this order (JCVM Table 6-3, without Descriptor, which is optional there).
    const LOADED: [Self; 10] = [
        Self::Header,
        Self::Directory,
        Self::Import,
        Self::Applet,
        Self::Class,
        Self::Method,
        Self::StaticField,
        Self::Export,
        Self::ConstantPool,
        Self::ReferenceLocation,
    ];

    /// The first byte of the component.
    pub(super) fn tag(self) -> u8 {
        self as u8 + 1
    }

    /// Its file name (JCVM Table 6-2).
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Header => "Header.cap",
            Self::Directory => "Directory.cap",
            Self::Applet => "Applet.cap",
            Self::Import => "Import.cap",
            Self::ConstantPool => "ConstantPool.cap",
            Self::Class => "Class.cap",
            Self::Method => "Method.cap",
            Self::StaticField => "StaticField.cap",
            Self::ReferenceLocation => "RefLocation.cap",
            Self::Export => "Export.cap",
            Self::Descriptor => "Descriptor.cap",
            Self::Debug => "Debug.cap",
        }
    }

    /// The component of this file name, whose case does not matter (JCVM §6.1.1).
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// Whether it goes to a card.
    pub(super) fn is_loaded(self) -> bool {
        Self::LOADED.contains(&self)
    }

    /// Whether a package may be without it (JCVM §6.1).
    pub(super) fn is_optional(self) -> bool {
        matches!(self, Self::Applet | Self::Export | Self::Debug)
    }

    /// What is wrong with this component.
    pub(super) fn fault(self, problem: &'static str) -> CapFault {
        CapFault::Component { component: self.name(), problem }
    }
}

/// A component whose tag and size are right: `tag 1, size 2, info`.
#[derive(Debug)]
pub(super) struct Component {
    kind: Kind,
    bytes: Vec<u8>,
}

impl Component {
    /// Tag and size are of three bytes.
    const HEAD: usize = 3;
    /// The longest there is: size has two bytes.
    pub(super) const LONGEST: usize = Self::HEAD + 0xFFFF;

    /// Reads the file of a component.
    pub(super) fn read(kind: Kind, bytes: Vec<u8>) -> Result<Self, CapFault> {
        let Some((head, info)) = bytes.split_first_chunk::<{ Self::HEAD }>() else {
            return Err(kind.fault("it is cut"));
        };
        let [tag, high, low] = *head;
        if tag != kind.tag() {
            return Err(kind.fault("it begins with another component's tag"));
        }
        match info.len().cmp(&usize::from(u16::from_be_bytes([high, low]))) {
            std::cmp::Ordering::Less => Err(kind.fault("it is cut")),
            std::cmp::Ordering::Greater => Err(kind.fault("it is longer than it says")),
            std::cmp::Ordering::Equal if info.is_empty() => Err(kind.fault("it is empty")),
            std::cmp::Ordering::Equal => Ok(Self { kind, bytes }),
        }
    }

    /// Which one it is.
    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// What follows tag and size.
    pub(super) fn info(&self) -> &[u8] {
        &self.bytes[Self::HEAD..]
    }
}

/// The loaded components of one package.
#[derive(Debug, Default)]
pub(super) struct Components(BTreeMap<Kind, Component>);

impl Components {
    /// Takes a component in, once.
    pub(super) fn add(&mut self, component: Component) -> Result<(), CapFault> {
        match self.0.insert(component.kind, component) {
            Some(doubled) => Err(CapFault::Doubled(doubled.kind.name())),
            None => Ok(()),
        }
    }

    /// A component, if it is there.
    pub(super) fn get(&self, kind: Kind) -> Option<&Component> {
        self.0.get(&kind)
    }

    /// A component that must be there.
    pub(super) fn required(&self, kind: Kind) -> Result<&Component, CapFault> {
        self.get(kind).ok_or(CapFault::Missing(kind.name()))
    }

    /// The components in load order, one after the other.
    pub(super) fn load_file_data_block(&self) -> Vec<u8> {
        let components = Kind::LOADED.into_iter().filter_map(|kind| self.get(kind));
        components.flat_map(|component| component.bytes.iter().copied()).collect()
    }
}
