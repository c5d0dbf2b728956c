"""Isolates the rows of each client, and adds the SQL of the app."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("cookies", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("HistoricalCookie"),
            TenantIsolation("Cookie"),
            TenantIsolation("HistoricalCookieSite"),
            TenantIsolation("CookieSite", looked_up=True),
            TenantIsolation("BannerVersion"),
            TenantIsolation("Visitor"),
            TenantIsolation("CookieChoice"),
            TenantIsolation("HistoricalLinkedService", shared=True),
            TenantIsolation("LinkedService", shared=True),
            AppendOnly("HistoricalCookie"),
            AppendOnly("HistoricalCookieSite"),
            AppendOnly("BannerVersion"),
            AppendOnly("CookieChoice"),
            AppendOnly("HistoricalLinkedService"),
            SameClientForeignKey("CookieChoice", "version", "BannerVersion"),
        ),
        ApplySql("cookies_client_of_site", digest="958564f62762"),
    ]
