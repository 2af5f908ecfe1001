"""Cards written after a look at what they are about; a person reads them before they are used."""
