//! The closed code lists of bed capacity: the word of the native XML, the code of the NOS
//! (nomenclatures des objets de santé) and its display.

use std::fmt;

/// One entry of a nomenclature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NomenclatureEntry<T: 'static> {
    /// The value.
    pub value: T,
    /// The word of the native XML report (`disponible`).
    pub word: &'static str,
    /// The NOS code (`02`).
    pub code: &'static str,
    /// The NOS display (`Disponible`).
    pub display: &'static str,
}

/// A code list in which every value has one word and one code.
pub trait Nomenclature: Copy + Eq + fmt::Debug + 'static {
    /// The NOS table, for example `R330-TypeStatutCapacite`.
    const TABLE: &'static str;
    /// Every value once, in the order of the NOS.
    const ENTRIES: &'static [NomenclatureEntry<Self>];

    /// The entry of this value.
    fn entry(self) -> &'static NomenclatureEntry<Self>;

    /// The word of the native XML report.
    fn word(self) -> &'static str {
        self.entry().word
    }

    /// The NOS code, two digits.
    fn code(self) -> &'static str {
        self.entry().code
    }

    /// The NOS display.
    fn display(self) -> &'static str {
        self.entry().display
    }

    /// The value written `word` in the native XML.
    fn from_word(word: &str) -> Option<Self> {
        Self::ENTRIES.iter().find(|entry| entry.word == word).map(|entry| entry.value)
    }

    /// The value of a NOS code.
    fn from_code(code: &str) -> Option<Self> {
        Self::ENTRIES.iter().find(|entry| entry.code == code).map(|entry| entry.value)
    }

    /// The words a sender may write, for messages: `lit, place`.
    fn words() -> String {
        Self::ENTRIES.iter().map(|entry| entry.word).collect::<Vec<_>>().join(", ")
    }

    /// The `coding.system` of the NOS table: the TRE, never the JDV.
    fn system() -> String {
        let table = Self::TABLE;
        format!("https://mos.esante.gouv.fr/NOS/TRE_{table}/FHIR/TRE-{table}")
    }
}

macro_rules! nomenclature {
    ($(#[$doc:meta])* $name:ident, $table:literal, { $($(#[$vdoc:meta])* $value:ident: $word:literal, $code:literal, $display:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $value,)+ }

        impl Nomenclature for $name {
            const TABLE: &'static str = $table;
            const ENTRIES: &'static [NomenclatureEntry<Self>] = &[
                $(NomenclatureEntry { value: Self::$value, word: $word, code: $code, display: $display },)+
            ];

            fn entry(self) -> &'static NomenclatureEntry<Self> {
                match self {
                    $(Self::$value => &const {
                        NomenclatureEntry { value: Self::$value, word: $word, code: $code, display: $display }
                    },)+
                }
            }
        }
    };
}

nomenclature!(
    /// What is counted (TRE_R329).
    Nature, "R329-NatureCapacite", {
        /// A bed.
        Lit: "lit", "01", "Lit";
        /// A place, as in a day hospital.
        Place: "place", "02", "Place";
    }
);
nomenclature!(
    /// The state of what is counted (TRE_R330, restricted to JDV_J188).
    Statut, "R330-TypeStatutCapacite", {
        /// Physically and permanently installed; closed ones included.
        Installe: "installe", "01", "Installé";
        /// Staffed and free for the next 24 h.
        Disponible: "disponible", "02", "Disponible";
        /// A patient is installed.
        Occupe: "occupe", "03", "Occupé";
        /// An identified patient is expected within 24 h.
        Reserve: "reserve", "04", "Réservé";
        /// No patient can be put there, whatever the cause.
        Ferme: "ferme", "05", "Fermé";
        /// Beyond the installed capacity.
        Supplementaire: "supplementaire", "06", "Supplémentaire";
    }
);
nomenclature!(
    /// When the count holds (TRE_R331).
    Temporalite, "R331-TemporaliteCapacite", {
        /// At the time of observation.
        Courant: "courant", "01", "Courant";
        /// Forecast in one hour.
        UneHeure: "1h", "02", "Prévisionnel 1 heure";
        /// Forecast in a day.
        VingtQuatreHeures: "24h", "03", "Prévisionnel 24 heures";
        /// Forecast in two days.
        QuaranteHuitHeures: "48h", "04", "Prévisionnel 48 heures";
        /// Forecast in a week.
        SeptJours: "7j", "05", "Prévisionnel 7 jours";
    }
);
nomenclature!(
    /// Why a bed that is closed might open again (TRE_R333).
    Fermeture, "R333-TypeFermetureCapacite", {
        /// Could be opened again.
        Reactivable: "reactivable", "01", "Réactivable";
        /// Could not.
        NonReactivable: "non-reactivable", "02", "Non réactivable";
        /// Not stated.
        Indetermine: "indetermine", "03", "Indéterminé";
    }
);
nomenclature!(
    /// How a supplementary bed can be had (TRE_R334).
    Supplement, "R334-TypeLitSupplementaire", {
        /// In use already.
        Mobilise: "mobilise", "01", "Mobilisé";
        /// Could be set up, staff lacking.
        SansRh: "mobilisable-sans-rh", "02", "Mobilisable sans ressources humaines";
        /// Could be set up, staff present.
        AvecRh: "mobilisable-avec-rh", "03", "Mobilisable avec ressources humaines";
    }
);
nomenclature!(
    /// Who counted (TRE_R335).
    Source, "R335-TypeSourceCapacite", {
        /// Typed by a person.
        SaisieManuelle: "saisie-manuelle", "01", "Saisie manuelle";
        /// Bed management software.
        BedManagement: "bed-management", "02", "Bed management";
        /// Administrative patient management.
        Gam: "gam", "03", "Gestion administrative du malade (GAM)";
        /// Electronic patient record.
        Dpi: "dpi", "04", "Dossier patient informatisé (DPI)";
    }
);
nomenclature!(
    /// The crisis a supplementary bed was opened for (TRE_R336).
    Crise, "R336-TypeCrise", {
        /// PMIE 1.
        Pmie1: "pmie1", "01", "PMIE 1";
        /// Exceptional sanitary situation (plan blanc).
        Sse: "sse", "02", "Situation sanitaire Exceptionnelle (SSE) (Plan blanc)";
    }
);
nomenclature!(
    /// The temporary assignment of the capacity (TRE_R337).
    Affectation, "R337-AffectationTemporaire", {
        /// None.
        Aucune: "aucune", "01", "Aucune";
        /// Covid-positive patients.
        CovidPlus: "covid-plus", "02", "Covid+";
        /// Covid-negative patients.
        CovidMoins: "covid-moins", "03", "Covid-";
    }
);

/// Who may be put in an available bed (TRE_R332).
///
/// `Indifferencie` has no code of its own here: the NOS retired `03` in favour of `04` while the
/// write service may still want `03`, so the agency states it (`ror.genre_indifferencie`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Genre {
    /// A woman.
    Femme,
    /// A man.
    Homme,
    /// Anyone.
    Indifferencie,
}

impl Genre {
    /// The words of the native XML report.
    pub const WORDS: &'static str = "femme, homme, indifferencie";

    /// The word of the native XML report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Femme => "femme",
            Self::Homme => "homme",
            Self::Indifferencie => "indifferencie",
        }
    }

    /// The value written `word` in the native XML.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Femme, Self::Homme, Self::Indifferencie].into_iter().find(|genre| genre.word() == word)
    }
}
