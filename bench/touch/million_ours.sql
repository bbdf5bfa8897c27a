INSERT INTO crm.act (lead_id, kind, at) SELECT lead_id, 'page_visit', at FROM crm.million;
