"""What happens on each kind of event. `ALL` lists every family: read it to know all the bot acts on."""

from handlers import contacts
from handlers.router import Router

ALL = Router.of(
    contacts.router,  # an employee and a customer: added, edited, lost, transferred
)
