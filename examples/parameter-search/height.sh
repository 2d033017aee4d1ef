# The height of the landscape at x and y: bash height.sh X Y
# It has four deepest points, where it is 0 (the function is known as Himmelblau's). A real task would take longer.
exec awk -v x="$1" -v y="$2" 'BEGIN { a = x * x + y - 11; b = x + y * y - 7; printf "%.9f\n", a * a + b * b }'
