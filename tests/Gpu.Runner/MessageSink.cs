using Xunit.Abstractions;

namespace Compat.Gpu.Runner;

/// <summary>Receives xunit's messages.</summary>
internal sealed class MessageSink(Action<IMessageSinkMessage> receive) : LongLivedMarshalByRefObject, IMessageSink
{
    /// <summary>Starts something and waits for its last message.</summary>
    /// <typeparam name="TLast">The type of the last message.</typeparam>
    public static void Until<TLast>(Action<MessageSink> start, Action<IMessageSinkMessage> receive)
        where TLast : IMessageSinkMessage
    {
        using ManualResetEventSlim finished = new();
        start(new MessageSink(message =>
        {
            receive(message);
            if (message is TLast)
            {
                finished.Set();
            }
        }));
        finished.Wait();
    }

    public bool OnMessage(IMessageSinkMessage message)
    {
        receive(message);
        return true;
    }
}
