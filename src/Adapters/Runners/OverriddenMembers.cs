using System.Reflection;
using Compat.Legacy;
using Compat.Legacy.Runners;

namespace Compat.Adapters.Runners;

/// <summary>Finds the members that a derived runner overrides and that the engine would not call.</summary>
internal static class OverriddenMembers
{
    private const BindingFlags Methods = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Finds them, by name.</summary>
    /// <param name="type">The type of the runner.</param>
    /// <param name="workflow">The flows that are run; <c>Val</c> counts only if there is such a flow.</param>
    /// <param name="isCalledByRunIterations">Whether the override of <c>RunIterations</c> is what calls the engine.</param>
    /// <returns>The names.</returns>
    public static string[] Of(Type type, IReadOnlyList<WorkflowStep> workflow, bool isCalledByRunIterations)
    {
        string?[] ignored =
        [
            isCalledByRunIterations ? null : nameof(WorkflowRunner.RunIterations),
            "ResolveMode",
            "Train",
            workflow.Any(flow => flow.Mode == "val") ? "Val" : null,
            "RunIter",
        ];

        // Reflection lists, for each virtual method, the implementation that is called.
        HashSet<string> overridden =
        [
            .. type.GetMethods(Methods)
                .Where(method => !IsOurs(method.DeclaringType) && IsOurs(method.GetBaseDefinition().DeclaringType))
                .Select(method => method.Name),
        ];
        return [.. ignored.OfType<string>().Where(overridden.Contains)];
    }

    private static bool IsOurs(Type? type) => type!.IsAssignableFrom(typeof(EpochBasedRunner)) || type.IsAssignableFrom(typeof(IterBasedRunner));
}
