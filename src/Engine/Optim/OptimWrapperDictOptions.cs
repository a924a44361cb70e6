using System.Collections;
using static TorchSharp.torch;

namespace Compat.Engine.Optim;

/// <summary>Settings of <see cref="OptimWrapperDict"/>: those of each wrapper by its name.</summary>
/// <remarks>
/// A wrapper whose options build an optimizer gets the parameters of the sub-module that has its name. One with an optimizer that exists already keeps that
/// optimizer's parameters, and may have any name.
/// </remarks>
/// <example>
/// <code>
/// new OptimWrapperDictOptions
/// {
///     ["generator"] = new OptimWrapperOptions { Optimizer = new FusedAdamOptions { Lr = 2e-4 } },
///     ["discriminator"] = new OptimWrapperOptions { Optimizer = new FusedAdamOptions { Lr = 1e-4 } },
/// }
/// </code>
/// </example>
public sealed record OptimWrapperDictOptions : BaseOptimWrapperOptions, IEnumerable<KeyValuePair<string, BaseOptimWrapperOptions>>
{
    private readonly OrderedDictionary<string, BaseOptimWrapperOptions> members = [];

    /// <summary>Makes settings without a wrapper; add them by name.</summary>
    public OptimWrapperDictOptions()
    {
    }

    // What is added to a copy shall not appear in the original.
    private OptimWrapperDictOptions(OptimWrapperDictOptions original)
        : base(original)
    {
        members = new(original.members);
        CompleteLastWindow = original.CompleteLastWindow;
    }

    /// <summary>Gets whether the wrappers are told how many iterations there are, so that a last, incomplete window of accumulation updates too, with its own factor.</summary>
    /// <value>
    /// The default is <see langword="false"/>, as in MMEngine: wrappers in a dictionary count for themselves from 0, what is left over at the end of the training
    /// updates nothing, and losses are divided as in every window. With <see langword="true"/> each wrapper must be called equally often in every iteration.
    /// </value>
    public bool CompleteLastWindow { get; init; }

    /// <summary>Gets or sets the settings of a wrapper. Setting a name again keeps its place.</summary>
    /// <param name="name">The name of the wrapper.</param>
    /// <exception cref="KeyNotFoundException">There is no wrapper of that name.</exception>
    public BaseOptimWrapperOptions this[string name]
    {
        get => members.TryGetValue(name, out BaseOptimWrapperOptions? options)
            ? options
            : throw new KeyNotFoundException($"There is no wrapper '{name}'. Names present: {string.Join(", ", members.Keys)}. Use one of these, or set it.");

        set => members[name] = value ?? throw new ArgumentNullException(nameof(value), $"The wrapper '{name}' is null. Give it its options, or leave it out.");
    }

    /// <summary>Adds the settings of a wrapper.</summary>
    /// <param name="name">The name of the wrapper.</param>
    /// <param name="options">Its settings.</param>
    /// <exception cref="ArgumentException">There is a wrapper of that name already.</exception>
    public void Add(string name, BaseOptimWrapperOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        members.Add(name, options);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">
    /// There is no wrapper, no sub-module of a wrapper's name, or the options are those of something else than an <see cref="OptimWrapper"/>.
    /// </exception>
    public override BaseOptimWrapper Build(nn.Module model)
    {
        ArgumentNullException.ThrowIfNull(model);
        Dictionary<string, nn.Module> modules = model.named_modules().ToDictionary(entry => entry.name, entry => entry.module);
        return new OptimWrapperDict(members.Select(member => KeyValuePair.Create(member.Key, BuildMember(member.Key, member.Value, model, modules))), CompleteLastWindow);
    }

    /// <summary>Enumerates the settings by name, in order.</summary>
    /// <returns>The enumerator.</returns>
    public IEnumerator<KeyValuePair<string, BaseOptimWrapperOptions>> GetEnumerator() => members.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Tells whether two settings have equal wrappers of the same names in the same order.</summary>
    /// <param name="other">The other settings.</param>
    /// <returns>Whether they are equal.</returns>
    public bool Equals(OptimWrapperDictOptions? other) =>
        other is not null && CompleteLastWindow == other.CompleteLastWindow && members.SequenceEqual(other.members);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(CompleteLastWindow, members.Count);

    private static OptimWrapper BuildMember(string name, BaseOptimWrapperOptions options, nn.Module model, Dictionary<string, nn.Module> modules)
    {
        nn.Module? named = modules.GetValueOrDefault(name);
        if (named is null && options is OptimWrapperOptions { Optimizer: not BuiltOptimizer })
        {
            throw new ArgumentException(
                $"There is a wrapper '{name}', but {model.GetType().Name} has no sub-module of that name to take the parameters from. Its sub-modules are "
                + $"{string.Join(", ", modules.Keys)}. Name the wrapper after one of them, or give it an optimizer that exists already.");
        }

        BaseOptimWrapper built = options.Build(named ?? model);
        return built as OptimWrapper ?? throw new ArgumentException(
            $"The wrapper '{name}' is of type {built.GetType().Name}; a dictionary holds OptimWrapper and what derives from it. Give it OptimWrapperOptions or AmpOptimWrapperOptions.");
    }
}
