import type { Node, RangeVar, TypeName as ParsedType } from 'libpg-query';
import type { ObjectName, TypeName } from '../../model/migration/change.ts';

/** The text of a name or string node; undefined for any other. */
export function textOf(node: Node | undefined): string | undefined {
  return node !== undefined && 'String' in node ? (node.String.sval ?? '') : undefined;
}

export function textsOf(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).flatMap((node) => textOf(node) ?? []);
}

/** `[schema, name]` or `[name]`; a database in front is left out. */
export function nameFrom(parts: readonly string[]): ObjectName {
  const name = parts.at(-1) ?? '';
  const schema = parts.at(-2);
  return schema === undefined ? { name } : { schema, name };
}

export function nameOf(relation: RangeVar | undefined): ObjectName {
  const { schemaname: schema, relname: name = '' } = relation ?? {};
  return schema === undefined || schema === '' ? { name } : { schema, name };
}

/** A name as DROP and COMMENT have it: a list of parts, a type, or a function with arguments. */
export function nameOfObject(node: Node | undefined): ObjectName | undefined {
  if (node === undefined) return undefined;
  if ('List' in node) return nameFrom(textsOf(node.List.items));
  if ('String' in node) return { name: node.String.sval ?? '' };
  if ('RangeVar' in node) return nameOf(node.RangeVar);
  if ('TypeName' in node) return nameFrom(textsOf(node.TypeName.names));
  if (!('ObjectWithArgs' in node)) return undefined;
  const { objname, objargs, args_unspecified: isBare } = node.ObjectWithArgs;
  const name = nameFrom(textsOf(objname));
  if (isBare === true) return name;
  const types = (objargs ?? []).map((one) => ('TypeName' in one ? one.TypeName : undefined));
  return withArguments(name, types);
}

/** `touch(text,int4)`: functions of one name differ by their arguments. */
export function withArguments(
  name: ObjectName,
  types: readonly (ParsedType | undefined)[],
): ObjectName {
  const written = types.map((type) => {
    const { schema, name: base, array } = readType(type);
    return `${schema === undefined ? '' : `${schema}.`}${base}${array ? '[]' : ''}`;
  });
  return { ...name, name: `${name.name}(${written.join(',')})` };
}

export function readType(type: ParsedType | undefined): TypeName {
  const parts = textsOf(type?.names).filter((part) => part !== 'pg_catalog');
  const sizes = (type?.typmods ?? []).map((one) =>
    'A_Const' in one ? (one.A_Const.ival?.ival ?? 0) : Number.NaN,
  );
  return { ...nameFrom(parts), sizes, array: (type?.arrayBounds ?? []).length > 0 };
}
