"""No table: but without this module Django sends the app no signal after a migrate."""
