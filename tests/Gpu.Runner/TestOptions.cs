using Xunit.Abstractions;

namespace Compat.Gpu.Runner;

/// <summary>xunit's options: one test after the other, as tests that make tensors must run.</summary>
internal sealed class TestOptions : LongLivedMarshalByRefObject, ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
{
    private readonly Dictionary<string, object?> values = new() { ["xunit.execution.DisableParallelization"] = true };

    public TValue GetValue<TValue>(string name) => values.TryGetValue(name, out object? value) && value is TValue typed ? typed : default!;

    public void SetValue<TValue>(string name, TValue value) => values[name] = value;
}
