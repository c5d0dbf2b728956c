"""The portal: ``office`` above the four packages of the policy, ``directory`` and ``foundation`` below them.

Each package imports from those below it only: office, rights, retention, consent, children, directory, foundation.
"""
