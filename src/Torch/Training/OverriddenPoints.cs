using System.Reflection;

namespace Compat.Torch.Training;

/// <summary>Finds which points a type of hook overrides: once, when a hook is registered.</summary>
public static class OverriddenPoints
{
    private const BindingFlags Methods = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Finds the points that a type, or a type between it and the base type, overrides.</summary>
    /// <remarks>An overload that merely shares a point's name, and a <c>new</c> method that hides it, are never called and do not count.</remarks>
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
        HashSet<string> overridden = [.. type.GetMethods(Methods).Where(IsOverride).Select(method => method.Name)];
        IEnumerable<TPoint> own = Enum.GetValues<TPoint>().Where(point => overridden.Contains(point.ToString()));
        IEnumerable<TPoint> covered = general.Where(method => overridden.Contains(method.Key)).SelectMany(method => method.Value);
        return new SortedSet<TPoint>(own.Concat(covered));

        // Reflection lists, for each virtual method, the implementation that is called.
        static bool IsOverride(MethodInfo method) =>
            method.DeclaringType != typeof(THook) && method.GetBaseDefinition().DeclaringType == typeof(THook);
    }
}
