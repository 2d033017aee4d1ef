/**
 * The head of a column that sorts its table.
 */

export interface Order<Column extends string> {
  readonly column: Column;
  readonly isDown: boolean;
}

interface Properties<Column extends string> {
  readonly column: Column;
  readonly title: string;
  readonly order: Order<Column>;
  readonly onSort: (order: Order<Column>) => void;
  readonly kind?: string;
}

export function SortHead<Column extends string>({ column, title, order, onSort, kind }: Properties<Column>) {
  const isThis = order.column === column;
  const sort = isThis ? (order.isDown ? 'descending' : 'ascending') : undefined;
  return (
    <th scope="col" class={kind ?? ''} aria-sort={sort ?? 'none'}>
      <button type="button" class="sort" onClick={() => onSort({ column, isDown: isThis ? !order.isDown : false })}>
        {title}
        <span class={`sort-sign ${isThis ? '' : 'is-idle'}`} aria-hidden="true">
          {order.isDown && isThis ? '▾' : '▴'}
        </span>
      </button>
    </th>
  );
}
