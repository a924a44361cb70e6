using System.Diagnostics.CodeAnalysis;
using Compat.Torch.Training;
using static TorchSharp.torch;

namespace Compat.Engine.Logging;

/// <summary>Where the parts of a run leave what others want to know: histories of numbers, and pieces of information.</summary>
/// <remarks>
/// Keys of numbers start with the kind of loop, for example <c>train/loss</c>. Each runner has a hub of its own. Source: MMEngine <c>MessageHub</c>,
/// without its process-wide instances.
/// </remarks>
public sealed class MessageHub : IDisposable
{
    private readonly OrderedDictionary<string, HistoryBuffer> scalars = [];
    private readonly OrderedDictionary<string, object?> infos = [];

    /// <summary>Makes an empty hub.</summary>
    /// <param name="pending">Where tensors wait until they are read; the hub takes it over. <see langword="null"/> for a new one.</param>
    public MessageHub(PendingScalars? pending = null) => Pending = pending ?? new();

    /// <summary>Gets the values that were given as tensors and are not read yet.</summary>
    public PendingScalars Pending { get; }

    /// <summary>Gets all histories, in the order in which they began.</summary>
    public IReadOnlyDictionary<string, HistoryBuffer> Scalars => scalars;

    /// <summary>Adds an entry to the history of a key.</summary>
    /// <param name="key">The key, for example <c>train/loss</c>.</param>
    /// <param name="value">A number, or a tensor of one element, already multiplied by <paramref name="count"/>.</param>
    /// <param name="count">How many samples the value stands for. The default is 1.</param>
    /// <param name="watched">The loss that this value is and that must be finite; <see langword="null"/>, the default, for any other value.</param>
    /// <param name="weight">
    /// By how much a mean multiplies the value, usually the size of the batch; see <see cref="HistoryBuffer"/>. The default is <see langword="null"/>: an
    /// entry without a weight.
    /// </param>
    /// <param name="skipped">
    /// A tensor of one element that is above 0 if a loss scaler skipped the step of this loss, which then need not be finite. Borrowed. The default is
    /// <see langword="null"/>.
    /// </param>
    public void UpdateScalar(
        string key, LogValue value, int count = 1, WatchedLoss? watched = null, int? weight = null, Tensor? skipped = null)
    {
        if (!scalars.TryGetValue(key, out HistoryBuffer? history))
        {
            history = new HistoryBuffer(Pending);
            scalars.Add(key, history);
        }

        history.Update(value, count, watched, weight, skipped);
    }

    /// <summary>Gets the history of a key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The history.</returns>
    /// <exception cref="KeyNotFoundException">Nothing was logged under this key.</exception>
    public HistoryBuffer GetScalar(string key) => scalars.TryGetValue(key, out HistoryBuffer? history)
        ? history
        : throw new KeyNotFoundException($"Nothing is logged under '{key}'. Keys present: {string.Join(", ", scalars.Keys)}.");

    /// <summary>Gets all pieces of information, by name, in the order in which they were first set.</summary>
    public IReadOnlyDictionary<string, object?> Infos => infos;

    /// <summary>Sets a piece of information.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="key">Its name.</param>
    /// <param name="value">The information.</param>
    public void UpdateInfo<T>(string key, T value) => infos[key] = value;

    /// <summary>Gets a piece of information if it is there and of the given type.</summary>
    /// <typeparam name="T">The expected type.</typeparam>
    /// <param name="key">Its name.</param>
    /// <param name="value">The information.</param>
    /// <returns>Whether it is there.</returns>
    public bool TryGetInfo<T>(string key, [NotNullWhen(true)] out T? value)
    {
        bool found = infos.TryGetValue(key, out object? stored) && stored is T;
        value = found ? (T?)stored : default;
        return found && value is not null;
    }

    /// <summary>Removes a piece of information; nothing happens if it is not there.</summary>
    /// <param name="key">Its name.</param>
    public void PopInfo(string key) => infos.Remove(key);

    /// <summary>Frees the values that nobody read.</summary>
    public void Dispose() => Pending.Dispose();
}
