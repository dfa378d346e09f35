"""What happens on each kind of event. `ALL` lists every family: read it to know all the bot acts on."""

from handlers import contacts, tags
from handlers.router import Router

ALL = Router.of(
    contacts.router,  # an employee and a customer: added, edited, lost, transferred
    tags.router,  # the corp's list of tags for customers
)
