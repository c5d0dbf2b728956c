"""Tenant isolation of cookies and links, and the look-up of a site by its key."""

from django.db import migrations

from paktaleem.foundation.tenancy.operations import AppendOnly, Isolate, SameClientForeignKey, TenantIsolation
from paktaleem.foundation.tenancy.sql_files import ApplySql


class Migration(migrations.Migration):
    dependencies = [("cookies", "0001_tables"), ("accounts", "0002_tenancy")]
    operations = [
        Isolate(
            TenantIsolation("Cookie"),
            TenantIsolation("HistoricalCookie"),
            TenantIsolation("CookieSite", looked_up=True),
            TenantIsolation("HistoricalCookieSite"),
            TenantIsolation("BannerVersion"),
            TenantIsolation("Visitor"),
            TenantIsolation("CookieChoice"),
            TenantIsolation("LinkedService", shared=True),
            TenantIsolation("HistoricalLinkedService", shared=True),
            AppendOnly("HistoricalCookie"),
            AppendOnly("HistoricalCookieSite"),
            AppendOnly("BannerVersion"),
            AppendOnly("CookieChoice"),
            AppendOnly("HistoricalLinkedService"),
            SameClientForeignKey("CookieChoice", "version", "BannerVersion"),
        ),
        ApplySql("cookies_client_of_site", digest="958564f62762"),
    ]
