using System.Text;

namespace Compat.Torch.Training;

/// <summary>Hooks in the order in which they are called, and for each point only those that want to be called there.</summary>
/// <remarks>Both originals keep one list ordered by priority, then by registration, and print it in the same form.</remarks>
/// <typeparam name="THook">The base type of the hooks.</typeparam>
/// <typeparam name="TPoint">The points; an enumeration in the order in which they fire, whose values count from 0.</typeparam>
public sealed class HookRegistry<THook, TPoint>
    where THook : class
    where TPoint : struct, Enum
{
    private static readonly TPoint[] Points = Enum.GetValues<TPoint>();

    private readonly List<Entry> entries = [];
    private readonly THook[][] atPoint = [.. Points.Select(_ => Array.Empty<THook>())];
    private readonly RunningHook<THook> running = new();

    /// <summary>Gets the hooks in order.</summary>
    /// <value>The same list until a hook is added, then another one.</value>
    public IReadOnlyList<THook> All { get; private set; } = [];

    /// <summary>Gets the hook that is being called, with its point, in words.</summary>
    /// <value>For example <c>LoggerHook at AfterTrainIter</c>; <see langword="null"/> if none is being called.</value>
    public string? Running => running.Call is ({ } hook, int point)
        ? $"{entries.Find(entry => ReferenceEquals(entry.Hook, hook))?.Name} at {Points[point]}"
        : null;

    /// <summary>Adds a hook behind those of the same priority.</summary>
    /// <param name="hook">The hook.</param>
    /// <param name="name">The name that the list shows.</param>
    /// <param name="priority">Where it stands.</param>
    /// <param name="points">The points at which it is called.</param>
    /// <exception cref="ArgumentException">The hook is registered already.</exception>
    public void Register(THook hook, string name, HookPriority priority, IEnumerable<TPoint> points)
    {
        ArgumentNullException.ThrowIfNull(hook);
        if (entries.Exists(entry => ReferenceEquals(entry.Hook, hook)))
        {
            throw new ArgumentException($"This {name} is registered already. Register a new object to have two of them.", nameof(hook));
        }

        Entry added = new(hook, name, priority, [.. points]);
        entries.Insert(entries.FindLastIndex(entry => entry.Priority <= priority) + 1, added);
        All = entries.ConvertAll(entry => entry.Hook);
        foreach (TPoint point in added.Points)
        {
            atPoint[Array.IndexOf(Points, point)] = [.. entries.Where(entry => entry.Points.Contains(point)).Select(entry => entry.Hook)];
        }
    }

    /// <summary>Gets the hooks to call at a point, in order. While they are enumerated, <see cref="Running"/> names the present one.</summary>
    /// <param name="point">The point's number.</param>
    /// <returns>The hooks, to be enumerated without an allocation.</returns>
    public HookCalls<THook> At(int point) => new(running, atPoint[point], point);

    /// <summary>Gets the priority under which a hook is registered.</summary>
    /// <param name="hook">A registered hook.</param>
    /// <returns>The priority.</returns>
    /// <exception cref="KeyNotFoundException">The hook is not registered.</exception>
    public HookPriority PriorityOf(THook hook) =>
        entries.Find(entry => ReferenceEquals(entry.Hook, hook))?.Priority
        ?? throw new KeyNotFoundException($"This {hook?.GetType().Name} is not registered with this runner.");

    /// <summary>Describes which hooks are called at which point, in the words of the originals.</summary>
    /// <param name="count">How many points are described, from the first one; all by default.</param>
    /// <returns>One paragraph for each point that has hooks.</returns>
    public string Describe(int count = int.MaxValue)
    {
        IEnumerable<string> paragraphs =
            from point in Points.Take(count)
            let called = entries.Where(entry => entry.Points.Contains(point)).ToArray()
            where called.Length > 0
            let lines = string.Join('\n', called.Select(entry => $"({entry.Priority,-12}) {entry.Name,-35}"))
            select $"{SnakeCase(point.ToString())}:\n{lines}\n -------------------- ";
        return string.Join('\n', paragraphs);
    }

    private static string SnakeCase(string name)
    {
        StringBuilder text = new();
        foreach (char letter in name)
        {
            text.Append(char.IsUpper(letter) && text.Length > 0 ? "_" : string.Empty).Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }

    private sealed record Entry(THook Hook, string Name, HookPriority Priority, HashSet<TPoint> Points);
}
