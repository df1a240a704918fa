-- A prompt from before grids was said as it stood. In a grid it is a template, so that braces in it would ask for values: those
-- prompts become values, which are put in as they are. Only grids that were made of such runs lack a setting.
UPDATE runs
   SET grid = grid || jsonb_build_object(
           'prompt', jsonb_build_object('system', '{{system}}', 'turns',
               jsonb_build_array(jsonb_build_object('role', 'user', 'text', '{{user}}'))),
           'cases', jsonb_build_array(jsonb_build_object('values', jsonb_build_array(
               jsonb_build_array('system', grid #> '{prompt,system}'),
               jsonb_build_array('user', grid #> '{prompt,turns,0,text}')))))
 WHERE grid -> 'settings' ? 'max_output' AND NOT grid -> 'settings' ? 'top_p' AND strpos((grid -> 'prompt')::text, '{{') > 0;
