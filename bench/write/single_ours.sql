\set id random(1, 9000000000000000)
INSERT INTO crm.lead VALUES (:id, 'carlos.garcia@acme.example.com', 'VP of Sales', 'First National Bank of Iowa', 'GB', 'fintech', 'webinar', 'mid-market', 'abm-finance-q3', 'Asked for pricing of the team plan', '+1 555 0123', 320, 4, 2500000, '2026-10-13 08:15:00+00');
