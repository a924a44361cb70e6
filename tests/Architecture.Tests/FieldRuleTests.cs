using System.Reflection;
using System.Runtime.CompilerServices;
using Compat.Torch;
using static TorchSharp.torch;

namespace Compat.Architecture.Tests;

/// <summary>No field holds tensors but in modules and in types that say who owns them (decision 3).</summary>
public sealed class FieldRuleTests
{
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
    public void The_rule_lets_other_fields_pass() => FieldsOf(typeof(Harmless)).Should().NotBeEmpty().And.NotContain(field => Holds(field.FieldType));

    private static FieldInfo[] FieldsOf(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly);

    // What the compiler makes for a lambda or an iterator lives no longer than the call. A nested type belongs to its outer one.
    private static bool IsAllowed(Type type) =>
        typeof(nn.Module).IsAssignableFrom(type)
        || type.IsDefined(typeof(HoldsTensorsAttribute), inherit: false)
        || type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)
        || (type.DeclaringType is { } outer && IsAllowed(outer));

    private static bool Holds(Type type) =>
        typeof(Tensor).IsAssignableFrom(type)
        || (type.IsArray && Holds(type.GetElementType()!))
        || (type.IsGenericType && !typeof(Delegate).IsAssignableFrom(type) && type.GetGenericArguments().Any(Holds));

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

    private sealed class Harmless
    {
        private List<string>? names;
        private Func<Tensor, double>? read;
    }
#pragma warning restore
}
