"""How fast bpfast is, on this machine, against its matrix products and against its peers."""
