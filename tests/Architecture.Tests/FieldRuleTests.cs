using System.Reflection;
using System.Runtime.CompilerServices;
using Compat.Engine.Evaluation;
using Compat.Engine.Hooks;
using Compat.Engine.Model;
using Compat.Torch;
using Compat.Torch.Data;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Architecture.Tests;

/// <summary>No field holds tensors but in modules and in types that say who owns them (decision 3).</summary>
public sealed class FieldRuleTests
{
    // What an iteration lends: it ends with the iteration, whoever still looks at it.
    private static readonly Type[] Borrowed =
        [typeof(DataBatch), typeof(LossDict), typeof(LogVars), typeof(LogValue), typeof(Legacy.StepOutputs), typeof(ForwardOutput)];

    [Fact]
    public void No_field_holds_a_tensor_without_an_owner()
    {
        IEnumerable<string> wrong =
            from type in Libraries.All.SelectMany(assembly => assembly.GetTypes())
            where !IsAllowed(type)
            from field in FieldsOf(type)
            where Holds(field.FieldType)
            select $"{type}.{field.Name}";

        wrong.Should().BeEmpty();
    }

    [Theory]
    [InlineData(typeof(Direct))]
    [InlineData(typeof(InArray))]
    [InlineData(typeof(InDictionary))]
    [InlineData(typeof(InTuple))]
    [InlineData(typeof(InNestedList))]
    public void The_rule_sees_tensors_wherever_they_hide(Type type)
    {
        IsAllowed(type).Should().BeFalse();
        FieldsOf(type).Should().Contain(field => Holds(field.FieldType));
    }

    [Fact]
    public void No_hook_metric_or_model_keeps_what_it_only_borrows()
    {
        IEnumerable<string> wrong =
            from type in Libraries.All.SelectMany(assembly => assembly.GetTypes())
            where IsBorrower(type)
            from field in FieldsOf(type)
            where IsBorrowed(field.FieldType)
            select $"{type}.{field.Name}";

        wrong.Should().BeEmpty();
    }

    [Theory]
    [InlineData(typeof(KeepingHook))]
    [InlineData(typeof(KeepingLegacyHook))]
    [InlineData(typeof(KeepingMetric))]
    [InlineData(typeof(KeepingModel))]
    public void The_rule_sees_what_is_borrowed_wherever_it_is_kept(Type type)
    {
        IsBorrower(type).Should().BeTrue();
        FieldsOf(type).Should().NotBeEmpty().And.OnlyContain(field => IsBorrowed(field.FieldType));
    }

    [Fact]
    public void The_rule_lets_other_fields_pass() => FieldsOf(typeof(Harmless)).Should().NotBeEmpty().And.NotContain(field => Holds(field.FieldType));

    private static FieldInfo[] FieldsOf(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);

    // What the compiler makes for a lambda or an iterator lives no longer than the call. A nested type belongs to its outer one.
    private static bool IsAllowed(Type type) =>
        typeof(nn.Module).IsAssignableFrom(type)
        || type.IsDefined(typeof(HoldsTensorsAttribute), inherit: false)
        || type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)
        || (type.DeclaringType is { } outer && IsAllowed(outer));

    private static bool Holds(Type type) => Contains(type, typeof(Tensor).IsAssignableFrom);

    private static bool IsBorrower(Type type) =>
        !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)
        && new[] { typeof(Hook), typeof(Legacy.Hook), typeof(BaseMetric), typeof(nn.Module) }.Any(root => root.IsAssignableFrom(type));

    private static bool IsBorrowed(Type type) => Contains(type, part => Array.Exists(Borrowed, kind => kind.IsAssignableFrom(part)));

    private static bool Contains(Type type, Predicate<Type> isMeant) =>
        isMeant(Nullable.GetUnderlyingType(type) ?? type)
        || (type.IsArray && Contains(type.GetElementType()!, isMeant))
        || (type.IsGenericType && !typeof(Delegate).IsAssignableFrom(type) && Array.Exists(type.GetGenericArguments(), part => Contains(part, isMeant)));

#pragma warning disable CS0649, CS0169, CA1823, IDE0044, IDE0051 // Fields to be found, not used.
    private sealed class Direct
    {
        private Tensor? tensor;
    }

    private sealed class InArray
    {
        private TorchSharp.Modules.Parameter[]? tensors;
    }

    private sealed class InDictionary
    {
        private Dictionary<string, Tensor>? tensors;
    }

    private sealed class InTuple
    {
        private (int Count, Tensor Tensor) pair;
    }

    private sealed class InNestedList
    {
        private List<IReadOnlyList<Tensor[]>>? tensors;
    }

    private sealed class KeepingHook : Hook
    {
        private LogVars? outputs;
        private LogValue? value;
        private Dictionary<string, List<DataBatch>>? batches;
    }

    private sealed class KeepingLegacyHook : Legacy.Hook
    {
        private Legacy.StepOutputs? outputs;
    }

    private abstract class KeepingMetric : BaseMetric
    {
        private (int Index, NamedBatch Batch)[]? all;
    }

    private abstract class KeepingModel : BaseModel
    {
        private LossDict? losses;
        private ForwardOutput?[]? outputs;
    }

    private sealed class Harmless
    {
        private List<string>? names;
        private Func<Tensor, double>? read;
    }
#pragma warning restore
}
