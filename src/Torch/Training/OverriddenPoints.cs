using System.Reflection;

namespace Compat.Torch.Training;

/// <summary>Finds which points a type of hook overrides: once, when a hook is registered.</summary>
public static class OverriddenPoints
{
    /// <summary>Finds the points that a type overrides, by the names of its methods.</summary>
    /// <typeparam name="THook">The base type, which has a virtual method for each point.</typeparam>
    /// <typeparam name="TPoint">The points, named as those methods.</typeparam>
    /// <param name="type">The type.</param>
    /// <param name="general">Methods that stand for several points, by name.</param>
    /// <returns>The points, in the order in which they fire.</returns>
    public static IReadOnlyCollection<TPoint> Of<THook, TPoint>(Type type, IReadOnlyDictionary<string, TPoint[]> general)
        where THook : class
        where TPoint : struct, Enum
    {
        ArgumentNullException.ThrowIfNull(type);
        ArgumentNullException.ThrowIfNull(general);
        IEnumerable<TPoint> own = Enum.GetValues<TPoint>().Where(point => IsOverridden(type, point.ToString(), typeof(THook)));
        IEnumerable<TPoint> covered = general.Where(method => IsOverridden(type, method.Key, typeof(THook))).SelectMany(method => method.Value);
        return new SortedSet<TPoint>(own.Concat(covered));
    }

    private static bool IsOverridden(Type type, string method, Type root) =>
        type.GetMethod(method, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)!.DeclaringType != root;
}
