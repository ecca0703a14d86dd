"""Smart labeling: a person marks a thing roughly, and gets its outline.

``prompts`` are what a person marks, ``windows`` the part of an image that is looked at, ``grabcut`` and ``promptable`` the two
ways to an outline, ``answers`` what comes back. All of it runs in one process beside the web server (``process``), which the
web server asks through a socket (``client``): OpenCV and a network's runtime stay out of the web server's memory, a network is
loaded once for everybody, and what brings that process down brings down nothing else.
"""
