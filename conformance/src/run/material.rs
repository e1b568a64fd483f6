//! The conversations of a run: those written by hand are held, those generated are made when their turn comes, so that
//! a million of them take no more room than ten.

use std::fmt;

use smtpspec_core::{conversation::TlsMode, generate::Family, wire::Protocol};

use super::{
    Case,
    generated::{generated_name, numbered},
};

/// Which conversations are generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// Of these families.
    pub families: Vec<Family>,
    /// From this.
    pub seed: u64,
    /// So many of each.
    pub cases: u64,
}

/// How all conversations of a run are had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Manner {
    /// Inside TLS.
    pub tls: TlsMode,
    /// In this protocol.
    pub protocol: Protocol,
}

/// The conversations of a run, numbered from 0.
pub struct Material {
    written: Vec<Case>,
    generated: Option<Generated>,
    takes: Box<dyn Fn(&str) -> bool + Send + Sync>,
    manner: Manner,
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Material");
        out.field("written", &self.written.len());
        out.field("generated", &self.generated)
            .finish_non_exhaustive()
    }
}

impl Material {
    /// Those of `written` and `generated` whose names `takes` likes, had in `manner`.
    pub fn new(
        mut written: Vec<Case>,
        generated: Option<Generated>,
        takes: impl Fn(&str) -> bool + Send + Sync + 'static,
        manner: Manner,
    ) -> Self {
        written.retain(|case| takes(&case.name));
        Self {
            written,
            generated,
            takes: Box::new(takes),
            manner,
        }
    }

    /// How many numbers there are. Not each has a case: generated ones may not be wanted.
    pub fn numbers(&self) -> u64 {
        self.written.len() as u64 + self.generated_numbers()
    }

    fn generated_numbers(&self) -> u64 {
        let of = |generated: &Generated| generated.families.len() as u64 * generated.cases;
        self.generated.as_ref().map_or(0, of)
    }

    /// The case of `number`.
    pub fn case(&self, number: u64) -> Option<Case> {
        let place = usize::try_from(number).ok()?;
        let case = if let Some(case) = self.written.get(place) {
            case.clone()
        } else {
            let (family, seed, index) = self.place(number)?;
            let wanted = (self.takes)(&generated_name(family, seed, index));
            wanted.then(|| numbered(family, seed, index))?
        };
        Some(self.had(case))
    }

    /// The cases of these numbers.
    pub fn cases(&self, numbers: impl IntoIterator<Item = u64>) -> impl Iterator<Item = Case> {
        numbers.into_iter().filter_map(|number| self.case(number))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        let wanted = |number| {
            let place = self.place(number);
            place.is_some_and(|(family, seed, index)| {
                (self.takes)(&generated_name(family, seed, index))
            })
        };
        self.written.is_empty() && !(0..self.numbers()).any(wanted)
    }

    /// The case called `name`, if it is one of them.
    pub fn named(&self, name: &str) -> Option<Case> {
        let written = self.written.iter().find(|case| case.name == name);
        let case = match written {
            Some(case) => case.clone(),
            None => super::named(name).ok().flatten()?,
        };
        Some(self.had(case))
    }

    /// Family, seed and index of the generated case of `number`.
    fn place(&self, number: u64) -> Option<(Family, u64, u64)> {
        let generated = self.generated.as_ref()?;
        let behind = number.checked_sub(self.written.len() as u64)?;
        let family = usize::try_from(behind.checked_div(generated.cases)?).ok()?;
        let family = *generated.families.get(family)?;
        Some((family, generated.seed, behind % generated.cases))
    }

    fn had(&self, mut case: Case) -> Case {
        if self.manner.tls != TlsMode::None {
            case.conversation = case.conversation.behind(self.manner.tls);
        }
        if self.manner.protocol.is_lmtp() {
            case.conversation = case.conversation.spoken_in(self.manner.protocol);
        }
        case
    }
}

#[cfg(test)]
mod tests {
    use pretty_assertions::assert_eq;

    use super::{super::documented, *};

    #[test]
    fn the_written_come_first_and_the_families_one_after_the_other() {
        let generated = Generated {
            families: Family::ALL.to_vec(),
            seed: 4,
            cases: 3,
        };
        let written = documented().unwrap();
        let first = written[0].name.clone();
        let takes = move |name: &str| name == first || name.ends_with("/2");
        let material = Material::new(written.clone(), Some(generated), takes, Manner::default());
        let names: Vec<_> = material.cases(0..material.numbers()).collect();
        let names: Vec<_> = names.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(
            names,
            [
                &written[0].name,
                "random/4/2",
                "malformed/4/2",
                "abrupt/4/2"
            ]
        );
        assert!(!material.is_empty());
        assert_eq!(material.case(100), None);
    }

    #[test]
    fn no_name_that_fits_is_no_material() {
        let generated = Some(Generated {
            families: vec![Family::Valid],
            seed: 4,
            cases: 10,
        });
        let takes = |name: &str| name.starts_with("nothing");
        assert!(
            Material::new(documented().unwrap(), generated, takes, Manner::default()).is_empty()
        );
    }
}
