"""Claims about speed, each a script that measures it beside the peer or the physical limit in the same run."""
